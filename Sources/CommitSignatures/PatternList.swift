/// Patterns separated by commas, as OpenSSH matches them (ssh_config(5), PATTERNS): `*` stands for any characters, `?` for one, and one
/// pattern that begins with `!` and matches undoes all others. Case does not count.
public struct PatternList: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    public let description: String
    private let wanted: [[UInt8]]
    private let unwanted: [[UInt8]]

    /// Longer texts match nothing: matching takes the length of the text times that of the pattern.
    private static let textLimit = 1_024

    /// - Throws: `.malformed` for an empty pattern, one longer than 1,024 bytes, or a list of nothing but `!` patterns, which cannot match.
    public init(_ text: String) throws(SignatureError) {
        var wanted: [[UInt8]] = []
        var unwanted: [[UInt8]] = []
        for part in text.lowercased().utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let isUnwanted = part.first == UInt8(ascii: "!")
            let pattern = Array(isUnwanted ? part.dropFirst() : part)
            guard !pattern.isEmpty, pattern.count <= Self.textLimit else {
                throw SignatureError(.malformed, "`\(text.prefix(64))` holds an empty pattern, or one longer than \(Self.textLimit) bytes")
            }
            if isUnwanted { unwanted.append(pattern) } else { wanted.append(pattern) }
        }
        guard !wanted.isEmpty else {
            throw SignatureError(.malformed, "`\(text.prefix(64))` only says what does not match; add what does, `*` for everything")
        }
        self.wanted = wanted
        self.unwanted = unwanted
        description = text
    }

    /// Whether the list lets `text` through.
    public func matches(_ text: String) -> Bool {
        let bytes = Array(text.lowercased().utf8)
        guard bytes.count <= Self.textLimit else { return false }
        return wanted.contains { Self.matches(bytes, $0) } && !unwanted.contains { Self.matches(bytes, $0) }
    }

    /// The patterns that let something through, in lower case.
    public var patterns: [String] { wanted.map { String(decoding: $0, as: UTF8.self) } }

    private static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        var (at, place) = (0, 0)
        // Where the last `*` stood, and how much of the text it has taken so far.
        var star: (place: Int, at: Int)?
        while at < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (place, at)
                place += 1
            } else if place < pattern.count, pattern[place] == UInt8(ascii: "?") || pattern[place] == text[at] {
                place += 1
                at += 1
            } else if let last = star {
                star = (last.place, last.at + 1)
                place = last.place + 1
                at = last.at + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
