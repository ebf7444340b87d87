/// The fingerprint of an OpenPGP key (RFC 4880 §12.2, and 64 digits for later versions).
public struct OpenPGPFingerprint: Hashable, Sendable, CustomStringConvertible {
    /// 40 or 64 upper-case hexadecimal digits.
    public let description: String

    /// - Parameter text: the digits in either case, in groups if need be, as `gpg` shows them. Shorter key ids can be forged and are none.
    public init?(_ text: String) {
        guard text.utf8.count <= 128 else { return nil }
        let digits = text.uppercased().filter { $0 != " " }
        guard digits.utf8.count == 40 || digits.utf8.count == 64,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x46).contains($0) })
        else { return nil }
        description = digits
    }
}
