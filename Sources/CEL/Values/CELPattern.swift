import CRE2

/// A regular expression compiled by RE2: matching takes time linear in the text, and bounded memory.
public final class CELPattern: @unchecked Sendable {
    // INVARIANT: an RE2 object is immutable once made and its searches may run on several threads at once, hence `@unchecked`.
    let handle: OpaquePointer
    public let source: String
    /// The number of capturing groups.
    public let groupCount: Int

    /// Throws why the pattern cannot be used: it is invalid, or too large.
    public init(_ source: String) throws(CELError) {
        guard source.utf8.count <= CELLimits.patternBytes else {
            throw CELError(.pattern, "pattern is longer than \(CELLimits.patternBytes) bytes")
        }
        var text = source
        var message = [CChar](repeating: 0, count: 256)
        let handle = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                cre2_compile($0.baseAddress, $0.count, CELLimits.patternMemory, &message, message.count)
            }
        }
        guard let handle else {
            let reason = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw CELError(.pattern, "invalid pattern: \(reason)")
        }
        self.handle = handle
        self.source = source
        groupCount = Int(cre2_groups(handle))
    }

    deinit { cre2_delete(handle) }

    /// Whether the pattern is found anywhere in the text.
    public func isFound(in text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cre2_search(handle, $0.baseAddress, $0.count, 0, nil, 0) == 1 }
        }
    }

    /// The byte ranges of the first match at or after `start` and of its groups; nil for a group that took no part.
    func firstMatch(in text: [UInt8], from start: Int) -> [Range<Int>?]? {
        let count = groupCount + 1
        var spans = [Int](repeating: -1, count: count * 2)
        let found = text.withUnsafeBytes { bytes in
            cre2_search(handle, bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count, start, &spans, Int32(count))
        }
        guard found == 1 else { return nil }
        return (0..<count).map { spans[2 * $0] < 0 ? nil : spans[2 * $0]..<spans[2 * $0 + 1] }
    }
}
