import Signing

/// A list of who may sign with which SSH key, in the format of ssh-keygen(1), ALLOWED SIGNERS.
public struct AllowedSigners: Sendable {
    /// In the order of the file.
    public let signers: [AllowedSigner]
    private let byKey: [SSHPublicKey: [Int]]

    private static let fileLimit = 4 << 20

    /// - Throws: `.unreadable`; `.malformed` or `.unsupported` with the number of the line.
    public init(path: String) throws(SignatureError) {
        let bytes: [UInt8]
        do throws(SigningError) {
            bytes = try BoundedFile.read(path, limit: Self.fileLimit)
        } catch {
            throw SignatureError(.unreadable, error.message)
        }
        do throws(SignatureError) {
            try self.init(parsing: bytes)
        } catch {
            throw SignatureError(error.kind, "`\(path)`, \(error.message)")
        }
    }

    /// - Throws: `.malformed` or `.unsupported` with the number of the line.
    public init(parsing bytes: [UInt8]) throws(SignatureError) {
        guard bytes.count <= Self.fileLimit else {
            throw SignatureError(.malformed, "the list of signers is longer than \(Self.fileLimit) bytes")
        }
        var signers: [AllowedSigner] = []
        for (index, bytes) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            do throws(SignatureError) {
                if let signer = try AllowedSignerLine.parse(bytes, line: index + 1) { signers.append(signer) }
            } catch {
                throw SignatureError(error.kind, "line \(index + 1): \(error.message)")
            }
        }
        self.signers = signers
        byKey = Dictionary(signers.enumerated().map { ($1.key, [$0]) }, uniquingKeysWith: +)
    }

    /// The entries of a key, of which it may have several.
    public func signers(of key: SSHPublicKey) -> [AllowedSigner] { (byKey[key] ?? []).map { signers[$0] } }
}

/// One line of the list.
public struct AllowedSigner: Sendable {
    /// Whose key it is, mostly e-mail addresses.
    public let principals: PatternList
    public let key: SSHPublicKey
    /// What the key may sign; anything if `nil`.
    public let namespaces: PatternList?
    /// The first second, since 1970, at which the key is valid.
    public let validAfter: Int64?
    /// The last one.
    public let validBefore: Int64?
    /// Counted from 1.
    public let line: Int
}

/// Takes one line apart: `principals [options] type base64 [comment]`.
enum AllowedSignerLine {
    private static let lineLimit = 16 << 10

    /// `nil` for an empty line or a comment.
    static func parse(_ bytes: ArraySlice<UInt8>, line: Int) throws(SignatureError) -> AllowedSigner? {
        guard bytes.count <= lineLimit else { throw SignatureError(.malformed, "longer than \(lineLimit) bytes") }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes), !bytes.contains(0) else { throw SignatureError(.malformed, "not text in UTF-8") }
        var rest = Substring(text.hasSuffix("\r") ? String(text.dropLast()) : text)
        skipBlanks(&rest)
        if rest.isEmpty || rest.hasPrefix("#") { return nil }
        let principals = try PatternList(try word(&rest, isUnquoted: true))
        var type = try word(&rest, isUnquoted: false)
        var options = Options()
        if !SSHPublicKey.isAccepted(type), !isKeyType(type) {
            options = try Options(type)
            type = try word(&rest, isUnquoted: false)
        }
        let key = try SSHPublicKey(type: type, base64: try word(&rest, isUnquoted: false))
        return AllowedSigner(
            principals: principals, key: key, namespaces: options.namespaces, validAfter: options.validAfter,
            validBefore: options.validBefore, line: line)
    }

    /// What looks like the type of a key is told as one that is not accepted, rather than as an unknown option.
    private static func isKeyType(_ word: String) -> Bool {
        ["ssh-", "ecdsa-", "sk-"].contains { word.hasPrefix($0) }
    }

    private static func skipBlanks(_ rest: inout Substring) {
        rest = rest.drop { $0 == " " || $0 == "\t" }
    }

    /// The characters up to the next blank that is not in quotes.
    private static func word(_ rest: inout Substring, isUnquoted: Bool) throws(SignatureError) -> String {
        skipBlanks(&rest)
        var inQuotes = false
        let end =
            rest.firstIndex { character in
                if character == "\"" { inQuotes.toggle() }
                return !inQuotes && (character == " " || character == "\t")
            } ?? rest.endIndex
        if inQuotes { throw SignatureError(.malformed, "a quotation mark is not closed") }
        let word = String(rest[..<end])
        rest = rest[end...]
        guard !word.isEmpty else {
            throw SignatureError(
                .malformed, "too short; a line is `principals [options] type base64`, as `ada@example.org ssh-ed25519 AA…`")
        }
        return isUnquoted ? word.filter { $0 != "\"" } : word
    }

    private struct Options {
        var namespaces: PatternList?
        var validAfter: Int64?
        var validBefore: Int64?

        init() {}

        init(_ text: String) throws(SignatureError) {
            var inQuotes = false
            let parts = text.split(omittingEmptySubsequences: false) { character in
                if character == "\"" { inQuotes.toggle() }
                return character == "," && !inQuotes
            }
            for part in parts {
                let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                switch pair[0].lowercased() {
                case "cert-authority":
                    throw SignatureError(
                        .unsupported, "`cert-authority`: certificates are not accepted; list the keys themselves, or remove the line")
                case "namespaces":
                    try Self.once(namespaces == nil, "namespaces")
                    namespaces = try PatternList(try Self.value(pair))
                case "valid-after":
                    try Self.once(validAfter == nil, "valid-after")
                    validAfter = try Self.time(pair)
                case "valid-before":
                    try Self.once(validBefore == nil, "valid-before")
                    validBefore = try Self.time(pair)
                default:
                    throw SignatureError(
                        .malformed,
                        "`\(part.prefix(64))` is neither a type of key nor an option; options are namespaces, valid-after and valid-before"
                    )
                }
            }
            if let validAfter, let validBefore, validBefore < validAfter {
                throw SignatureError(.malformed, "the key is never valid: valid-before is earlier than valid-after")
            }
        }

        private static func once(_ isFirst: Bool, _ name: String) throws(SignatureError) {
            guard isFirst else { throw SignatureError(.malformed, "`\(name)` is given twice") }
        }

        private static func value(_ pair: [Substring]) throws(SignatureError) -> String {
            guard pair.count == 2, pair[1].count > 2, pair[1].first == "\"", pair[1].last == "\"" else {
                throw SignatureError(.malformed, "`\(pair[0])` needs a value in quotes, as \(pair[0])=\"…\"")
            }
            let value = pair[1].dropFirst().dropLast()
            guard !value.contains("\"") else { throw SignatureError(.malformed, "the value of `\(pair[0])` has a quotation mark within") }
            return String(value)
        }

        private static func time(_ pair: [Substring]) throws(SignatureError) -> Int64 {
            let text = try value(pair)
            guard let time = SignerTime.seconds(text) else {
                throw SignatureError(
                    .malformed, "`\(text.prefix(64))` is no time; write YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, with a Z if you like")
            }
            return time
        }
    }
}
