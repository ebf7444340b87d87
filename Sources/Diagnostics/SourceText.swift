/// The lines of a file, found once: a hostile file can have as many findings as lines.
struct SourceText {
    private let bytes: [UInt8]
    private let starts: [Int]
    /// Lines that begin or end a private key, in order.
    private var marks: [(line: Int, isBegin: Bool)] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        // Both marks hold five dashes: few lines do.
        var dashed: [Int] = []
        var dashes = 0
        for (offset, byte) in bytes.enumerated() {
            dashes = byte == UInt8(ascii: "-") ? dashes + 1 : 0
            if dashes == 5, dashed.last != starts.count { dashed.append(starts.count) }
            if byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
        }
        self.starts = starts
        for number in dashed {
            guard let text = line(number) else { continue }
            if text.contains("-----END ") {
                marks.append((number, false))
            } else if text.contains("PRIVATE KEY-----") {
                marks.append((number, true))
            }
        }
    }

    /// The text of line `number`, which counts from 1, without its end; `nil` if there is no such line.
    func line(_ number: Int) -> String? {
        guard number >= 1, number <= starts.count else { return nil }
        var end = number < starts.count ? starts[number] - 1 : bytes.count
        if end > starts[number - 1], bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return String(decoding: bytes[starts[number - 1]..<end], as: UTF8.self)
    }

    /// Whether line `number` holds a credential or a part of a private key, which is spread over many lines.
    func isSecret(_ number: Int) -> Bool {
        guard let text = line(number) else { return false }
        if SecretScanner.find(in: text) != nil || RandomText.find(in: text) != nil { return true }
        // A private key has some dozens of lines.
        let above = marks[..<marks.partitioningIndex { $0.line >= number }].last
        return above.map { $0.isBegin && number - $0.line < 200 } ?? false
    }
}

extension Array {
    /// The first index whose element is `isAfter`, where all of those come last; `endIndex` if none is.
    fileprivate func partitioningIndex(where isAfter: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
