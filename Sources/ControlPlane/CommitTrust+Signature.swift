import CommitSignatures
import Git
import Signing

/// Who has signed a commit.
extension CommitTrust {
    /// The entries of the key that has signed the commit, of which at least one lets it.
    func signers(of signed: GitSignedCommit) throws(TrustRefusal) -> [TrustedSigner] {
        let id = signed.commit.id
        guard let text = signed.signatures.first else {
            throw TrustRefusal(
                .commitUnsigned, id,
                "commit \(id.short) is not signed; sign it and what follows, with `git rebase --exec 'git commit --amend --no-edit -S' "
                    + "\(id.short)~`, and push again")
        }
        guard signed.signatures.count == 1 else {
            throw TrustRefusal(.signatureInvalid, id, "commit \(id.short) has \(signed.signatures.count) signatures; one is accepted")
        }
        let candidates: [TrustedSigner]
        do throws(SignatureError) {
            if SSHSignature.isArmored(text) {
                candidates = try sshSigners(text, signed)
            } else if OpenPGPSignature.isArmored(text) {
                candidates = try openPGPSigners(text, signed)
            } else {
                throw SignatureError(.unsupported, "the signature is neither an SSH nor an OpenPGP signature")
            }
        } catch {
            throw refusal(error, id)
        }
        try checkValid(candidates, signed.commit)
        return candidates
    }

    private func sshSigners(_ text: [UInt8], _ signed: GitSignedCommit) throws(SignatureError) -> [TrustedSigner] {
        let signature = try SSHSignature(armored: text)
        let signers = settings.signers(of: signature.key)
        guard !signers.isEmpty else { throw SignatureError(.unknownKey, "nobody who may sign has the key \(signature.key)") }
        try signature.verify(signed.payload, for: Self.namespace)
        return signers
    }

    private func openPGPSigners(_ text: [UInt8], _ signed: GitSignedCommit) throws(SignatureError) -> [TrustedSigner] {
        let signature = try OpenPGPSignature(armored: text)
        guard settings.acceptsOpenPGP else { throw SignatureError(.unknownKey, "nobody may sign with an OpenPGP key") }
        guard let keyring = settings.keyring else {
            throw SignatureError(.unknownKey, "it is signed with OpenPGP, and no keyring is given; name one with --gpg-keyring")
        }
        let signer = try signature.verify(signed.payload, with: keyring, program: gpgv)
        let signers = settings.signers(of: signer.fingerprint)
        guard !signers.isEmpty else {
            throw SignatureError(.unknownKey, "nobody who may sign has the OpenPGP key \(signer.fingerprint)")
        }
        return signers
    }

    private func refusal(_ error: SignatureError, _ id: GitObjectID) -> TrustRefusal {
        let (reason, help): (TrustRefusal.Reason, String) =
            switch error.kind {
            case .unknownKey: (.signerNotTrusted, "; let somebody who is trusted sign, or add the key in an earlier commit")
            case .keyExpired: (.signerExpired, "; sign again with a key that is valid")
            case .keyRevoked: (.signerRevoked, "; sign again with another key")
            case .unavailable, .unreadable: (.verificationFailed, "")
            case .malformed, .unsupported, .foreignNamespace, .mismatch, .signatureExpired: (.signatureInvalid, "; sign again")
            }
        return TrustRefusal(reason, id, "commit \(id.short): \(error.message)\(help)")
    }

    /// Throws, if none of a key's entries lets it sign this commit, why the first does not.
    private func checkValid(_ candidates: [TrustedSigner], _ commit: GitCommit) throws(TrustRefusal) {
        var first: TrustRefusal?
        for signer in candidates {
            guard let problem = problem(signer, commit) else { return }
            first = first ?? problem
        }
        throw first ?? TrustRefusal(.signerNotTrusted, commit.id, "commit \(commit.id.short): nobody who may sign has this key")
    }

    private func problem(_ signer: TrustedSigner, _ commit: GitCommit) -> TrustRefusal? {
        func refuse(_ reason: TrustRefusal.Reason, _ message: String) -> TrustRefusal {
            TrustRefusal(reason, commit.id, "commit \(commit.id.short): \(message)")
        }
        func text(_ seconds: Int64) -> String { UTCTime(secondsSince1970: seconds)?.description ?? "second \(seconds)" }
        if let namespaces = signer.namespaces, !namespaces.matches(Self.namespace) {
            return refuse(.signerNotTrusted, "the key of \(signer.title) may sign for `\(namespaces)`, not for `\(Self.namespace)`")
        }
        if let until = signer.validUntil {
            if now > until {
                return refuse(
                    .signerExpired,
                    "the key of \(signer.title) expired at \(text(until)), whenever the commit was made; sign again with a key that is valid"
                )
            }
            if commit.time > until {
                return refuse(
                    .signerExpired, "it says that it was made at \(text(commit.time)), when the key of \(signer.title) will have expired")
            }
        }
        if let from = signer.validFrom {
            if now < from {
                return refuse(.signerNotYetValid, "the key of \(signer.title) is valid from \(text(from)) on; wait, or sign with another")
            }
            if commit.time < from {
                return refuse(
                    .signerNotTrusted,
                    "it says that it was made at \(text(commit.time)), when the key of \(signer.title) was not valid yet; "
                        + "set the clock right and sign again"
                )
            }
        }
        return nil
    }
}
