extension CELGraphTable {
    /// A program's graph as text, in lines without control characters; nil where it has none.
    ///
    /// - Parameter memory: what the table was made with.
    public func disassembly(_ number: Int, in memory: UnsafeRawBufferPointer) -> [String]? {
        guard let word = graphWord(number) else { return nil }
        let words = UnsafeBufferPointer(
            start: memory.baseAddress?.assumingMemoryBound(to: UInt64.self), count: memory.count / MemoryLayout<UInt64>.size)
        guard word < words.count else { return nil }
        let rest = UnsafeBufferPointer(rebasing: words[word...])
        guard let layout = GraphImage.Layout(rest) else { return nil }
        return GraphDisassembly.lines(UnsafeBufferPointer(rebasing: rest[..<layout.wordCount]), memory: memory)
    }
}
