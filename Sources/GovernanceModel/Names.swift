/// The rules for names of documents.
public enum Names {
    public static let rule =
        "lower-case letters, digits, `-`, `.` and `_`, beginning and ending with a letter or digit, 128 characters at most"
    /// The most bytes of a name.
    public static let longest = 128

    /// Whether `name` is a valid name for a document of `kind`. A model's is `provider/model`; a team's may be a path, as organisations
    /// that keep teams for each of their repositories write them.
    public static func isValid(_ name: String, for kind: Kind? = nil) -> Bool {
        guard name.utf8.count <= longest else { return false }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ isWord(Array($0.utf8)) }) else { return false }
        switch kind {
        case .model: return parts.count == 2
        case .team: return true
        default: return parts.count == 1
        }
    }

    private static func isWord(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last) else { return false }
        return bytes.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte)
    }
}
