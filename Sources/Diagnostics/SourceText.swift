/// The lines of a file, found once: a hostile file can have as many findings as lines.
struct SourceText {
    private let bytes: [UInt8]
    private let starts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
        self.starts = starts
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
        if SecretScanner.find(in: text) != nil { return true }
        // A private key has some dozens of lines.
        for above in stride(from: number - 1, to: max(0, number - 200), by: -1) {
            guard let text = line(above) else { return false }
            if text.contains("-----END ") { return false }
            if text.contains("PRIVATE KEY-----") { return true }
        }
        return false
    }
}
