/// Other names for what statements name: schemas, roles, channels.
///
/// A connection passes every statement through it, so that none reaches what bears the first name. Whole words are replaced wherever they
/// stand, in string constants and comments too; what is to stay as it is must be a parameter.
public struct PostgresRenaming: Sendable, Equatable {
    private let names: [String: String]

    /// - Parameter names: the new name of each word. A word is a run of ASCII letters, digits, `_` and `$`, and of characters beyond ASCII.
    public init(_ names: [String: String]) { self.names = names }

    /// The words that are replaced.
    public var words: Set<String> { Set(names.keys) }

    /// The statement with the new names in it.
    public func apply(to statement: String) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(statement.utf8.count + 64)
        var word: [UInt8] = []
        func end() {
            guard !word.isEmpty else { return }
            if let name = names[String(decoding: word, as: UTF8.self)] { result += name.utf8 } else { result += word }
            word.removeAll(keepingCapacity: true)
        }
        for byte in statement.utf8 {
            if Self.isOfWord(byte) {
                word.append(byte)
            } else {
                end()
                result.append(byte)
            }
        }
        end()
        return String(decoding: result, as: UTF8.self)
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }
}
