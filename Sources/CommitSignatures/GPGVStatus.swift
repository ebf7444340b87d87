/// What gpgv says for programs to read (GnuPG's doc/DETAILS).
struct GPGVStatus {
    /// Keyword and arguments of each line.
    private let lines: [[Substring]]

    init(_ output: [UInt8]) {
        let prefix = "[GNUPG:] "
        lines = String(decoding: output, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix(prefix) }
            .map { $0.dropFirst(prefix.count).split(separator: " ", omittingEmptySubsequences: false) }
    }

    /// Each gives its verdict on one signature, and excludes the others.
    private static let verdicts = ["GOODSIG", "BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"]

    /// - Throws: unless exactly one signature was found and it is good in every respect.
    func signer(exitCode: Int32, complaint: String) throws(SignatureError) -> OpenPGPSignature.Signer {
        let found = lines.filter { Self.verdicts.contains(String($0[0])) }
        guard let verdict = found.first, let keyword = verdict.first else {
            throw SignatureError(.malformed, "gpgv finds no signature\(complaint.isEmpty ? "" : ": \(complaint)")")
        }
        // Of several, one that is good would hide one that is not.
        guard found.count == 1, count("NEWSIG") == 1 else {
            throw SignatureError(.malformed, "there are several OpenPGP signatures in one; exactly one is accepted")
        }
        let key = verdict.count > 1 ? String(verdict[1].prefix(64)) : "?"
        let owner = "key \(key)" + (verdict.count > 2 && keyword != "ERRSIG" ? " (\(Self.text(verdict[2...])))" : "")
        switch keyword {
        case "GOODSIG": break
        case "BADSIG":
            throw SignatureError(
                .mismatch, "the signature by \(owner) does not fit what it stands under: one of the two was changed")
        case "EXPKEYSIG": throw SignatureError(.keyExpired, "\(owner) has expired")
        case "REVKEYSIG": throw SignatureError(.keyRevoked, "\(owner) was revoked")
        case "EXPSIG": throw SignatureError(.signatureExpired, "the signature by \(owner) has expired")
        default:
            // ERRSIG keyid algorithm hash class time rc: 9 is a key that is not there, 4 an algorithm that is not known.
            let code = verdict.count > 6 ? verdict[6] : ""
            if code == "9" { throw SignatureError(.unknownKey, "\(owner) is not in the keyring") }
            throw SignatureError(
                .unsupported, "the signature by \(owner) cannot be checked\(complaint.isEmpty ? "" : ": \(complaint)")")
        }
        guard exitCode == 0, let valid = lines.first(where: { $0[0] == "VALIDSIG" }), count("VALIDSIG") == 1 else {
            throw SignatureError(.unsupported, "gpgv does not accept the signature by \(owner)\(complaint.isEmpty ? "" : ": \(complaint)")")
        }
        // VALIDSIG fingerprint date time expires version reserved algorithm hash class primary-fingerprint
        guard valid.count >= 11, valid[9] == "00", let fingerprint = OpenPGPFingerprint(String(valid[10])),
            let time = Int64(valid[3])
        else {
            throw SignatureError(.unsupported, "the signature by \(owner) is none of a binary document, as git makes them")
        }
        return OpenPGPSignature.Signer(
            fingerprint: fingerprint, userID: Self.text(verdict.dropFirst(2)), time: time)
    }

    private func count(_ keyword: String) -> Int { lines.count { $0[0] == keyword } }

    /// Somebody's own words, cut and without control characters.
    private static func text(_ words: ArraySlice<Substring>) -> String {
        String(words.joined(separator: " ").prefix(128).map { $0.isASCII && ($0.asciiValue ?? 0) < 0x20 ? " " : $0 })
    }
}
