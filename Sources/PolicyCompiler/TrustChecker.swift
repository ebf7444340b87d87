import CommitSignatures
import Diagnostics
import GovernanceModel

/// Checks what an organisation says about whose commits it believes: a mistake here locks everybody out, or nobody.
struct TrustChecker {
    let organization: Organization
    /// Seconds since 1970.
    let now: Int64
    private(set) var diagnostics: [Diagnostic] = []

    init(organization: Organization, now: Int64) {
        self.organization = organization
        self.now = now
    }

    mutating func check() {
        let signers = organization.trustedSigners
        keys(signers)
        for signer in signers { times(signer) }
        settings(signers)
    }

    private mutating func keys(_ signers: [Organization.TrustedSigner]) {
        var first: [String: Located<String>] = [:]
        for signer in signers {
            guard let (text, id) = key(signer), let other = first.updateValue(text, forKey: id) else { continue }
            diagnostics.append(
                Diagnostic(
                    .duplicateEntry, "this key is listed twice", at: text.span, related: [.init(span: other.span, message: "first here")],
                    help: "remove one of the two: a key that is withdrawn in one place only would stay trusted"))
        }
    }

    /// What is written, and what makes two keys the same; `nil` if it is none.
    private mutating func key(_ signer: Organization.TrustedSigner) -> (text: Located<String>, id: String)? {
        if let text = signer.publicKey {
            do throws(SignatureError) {
                return (text, try SSHPublicKey(text: text.value).fingerprint)
            } catch {
                report(.invalidKey, error.message, at: text, help: "copy the line from the owner's `.pub` file")
            }
        } else if let text = signer.openPGP {
            if let fingerprint = OpenPGPFingerprint(text.value) { return (text, fingerprint.description) }
            report(
                .invalidKey, "this is no OpenPGP fingerprint", at: text,
                help: "the 40 hexadecimal digits of the primary key that `gpg --list-keys` shows")
        }
        return nil
    }

    private mutating func times(_ signer: Organization.TrustedSigner) {
        guard let expires = signer.expires, let end = Timestamp.seconds(expires.value) else { return }
        if let from = signer.validFrom, let start = Timestamp.seconds(from.value), start >= end {
            report(.trustSettings, "the key of `\(signer.name.value)` is never valid: it expires before `validFrom`", at: expires)
        } else if end <= now {
            report(
                .expiredSigner, "the key of `\(signer.name.value)` has expired: no new commit that it signs is accepted", at: expires,
                help: "remove it, or give it a later date")
        }
    }

    private mutating func settings(_ signers: [Organization.TrustedSigner]) {
        let reconcile = organization.spec["reconcile"]
        if organization.requiresSignatures {
            if let setting = reconcile?.string("signatures"), signers.isEmpty {
                report(
                    .trustSettings, "signatures are required, and nobody is trusted to sign: every commit after this one would be refused",
                    at: setting, help: "list keys under `trustedSigners`")
            }
        } else if let list = organization.spec["trustedSigners"] {
            diagnostics.append(
                Diagnostic(
                    .unusedSigners, "no signature is asked for: commits are accepted whoever signed them", at: list.span,
                    help: "write `signatures: required` under `reconcile`"))
        }
        guard organization.requiresTwoPersons, let setting = reconcile?.string("twoPersons") else { return }
        if !organization.requiresSignatures {
            report(
                .trustSettings, "`twoPersons` means nothing where nobody need sign", at: setting,
                help: "write `signatures: required` beside it")
        }
        for signer in signers where signer.emails.isEmpty {
            report(
                .trustSettings, "`twoPersons` needs the addresses of `\(signer.name.value)`, to tell whose commits are whose",
                at: signer.name, help: "list them under `emails`")
        }
    }

    private mutating func report(_ code: DiagnosticCode, _ message: String, at place: Located<String>, help: String? = nil) {
        diagnostics.append(Diagnostic(code, message, at: place.span, help: help))
    }
}
