/// Finds texts that look as if they were made by chance, as tokens and passwords are, whoever issued them.
///
/// Names and sentences are made of letters that often follow each other, with digits in groups of their own. In a random text most neighbours
/// are an odd pair: a digit and a letter, or two letters that words rarely have side by side. What is random and public is known by its form:
/// digests by their length, keys and certificates by how they begin, addresses by `://`.
public enum RandomText {
    /// The fewest characters of a token.
    public static let shortest = 32
    /// The fewest characters in a row without `-`, `_`, `/`, `+` or `=`.
    private static let shortestRow = 10
    /// Hexadecimal in rows of no more than this is a UUID.
    private static let longestRowOfUUID = 12
    private static let fewestDifferent = 10
    /// Of a hundred pairs of neighbours so many are odd at least. In names it is fewer than 30, in random letters and digits some 70, in
    /// hexadecimal some 54.
    private static let oddPercent = 40
    /// The same of hexadecimal, which nobody writes by hand.
    private static let oddPercentOfHexadecimal = 30

    /// The first text in `text` that looks random, in UTF-8 bytes; nil if there is none.
    public static func find(in text: String) -> Range<Int>? {
        var text = text
        return text.withUTF8 { bytes in bytes.count < shortest ? nil : find(in: bytes) }
    }

    private static func find(in bytes: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        var start = 0
        while start < bytes.count {
            guard isToken(bytes[start]) else {
                start += 1
                continue
            }
            var end = start
            while end < bytes.count, isToken(bytes[end]) { end += 1 }
            let run = start..<end
            if run.count >= shortest, isRandom(bytes, run), !isPublic(bytes, run) { return run }
            start = end
        }
        return nil
    }

    // MARK: Random

    private static func isRandom(_ bytes: UnsafeBufferPointer<UInt8>, _ run: Range<Int>) -> Bool {
        var seen: (UInt64, UInt64) = (0, 0)
        var (pairs, odd, row, longest) = (0, 0, 0, 0)
        for index in run {
            let byte = bytes[index]
            if byte < 64 { seen.0 |= 1 << UInt64(byte) } else { seen.1 |= 1 << UInt64(byte - 64) }
            guard isAlphanumeric(byte) else {
                row = 0
                continue
            }
            row += 1
            longest = max(longest, row)
            guard row > 1 else { continue }
            pairs += 1
            if isOdd(bytes[index - 1], byte) { odd += 1 }
        }
        let different = seen.0.nonzeroBitCount + seen.1.nonzeroBitCount
        let isHex = bytes[run].allSatisfy { !isAlphanumeric($0) || isHexadecimal($0) }
        if isHex, longest <= longestRowOfUUID { return false }
        let needed = isHex ? oddPercentOfHexadecimal : oddPercent
        return longest >= shortestRow && different >= fewestDifferent && odd * 100 >= pairs * needed
    }

    private static func isOdd(_ one: UInt8, _ other: UInt8) -> Bool {
        let (first, second) = (letter(one), letter(other))
        guard let first, let second else { return (first == nil) != (second == nil) }
        // The alphabet itself is a common text.
        return second != first + 1 && follow[first] & 1 << UInt32(second) == 0
    }

    /// 0 for `a` and `A`.
    private static func letter(_ byte: UInt8) -> Int? {
        let lower = byte | 0x20
        return (0x61...0x7a).contains(lower) ? Int(lower - 0x61) : nil
    }

    /// For each letter those that often follow it, in English words and in the names of products.
    private static let follow: [UInt32] = [
        "bcdgilmnprstuvy", "aeiloruy", "acehiklorstuy", "adeiorsu", "acdefgilmnpqrstvwxy", "aefilortu", "aeghilnorsu", "aeiort",
        "abcdefglmnoprstvz", "aeosu", "eins", "adeiklmostuvy", "abeimopsuy", "acdefgiknostuvy", "abcdfgiklmnoprstuvw", "aehiloprstu", "u",
        "acdegiklmnorstuvy", "acehiklmnopstuwy", "acehilorstuwy", "abcdegilmnprst", "aeio", "aehinors", "aceipt", "eiosmp", "aeio",
    ].map { letters in letters.utf8.reduce(0) { $0 | 1 << UInt32($1 - 0x61) } }

    // MARK: Public all the same

    /// SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512 in hexadecimal: commits, digests, fingerprints.
    private static let digestLengths: Set<Int> = [40, 56, 64, 96, 128]
    private static let digestNames = ["sha1", "sha224", "sha256", "sha384", "sha512", "md5"].map { Array($0.utf8) }
    /// So many bytes before a text are looked at for what it is. A certificate has some thousand.
    private static let farthest = 8_192
    private static let secretParameters = ["key", "token", "secret", "sig", "signature", "password", "code"].map { Array($0.utf8) }

    private static func isPublic(_ bytes: UnsafeBufferPointer<UInt8>, _ run: Range<Int>) -> Bool {
        if digestLengths.contains(run.count), bytes[run].allSatisfy(isHexadecimal) { return true }
        // The rest of the word that it stands in.
        var word = run.lowerBound
        while word > 0, run.lowerBound - word < farthest, bytes[word - 1] > 0x20, bytes[word - 1] != UInt8(ascii: "\""),
            bytes[word - 1] != UInt8(ascii: "'")
        { word -= 1 }
        let before = word..<run.lowerBound
        for name in digestNames {
            if ends(bytes, before, with: name + [UInt8(ascii: ":")]) || begins(bytes, run, with: name + [UInt8(ascii: "-")]) { return true }
        }
        if contains(bytes, before, "://") { return !isSecretParameter(bytes, word..<run.lowerBound) }
        if ends(bytes, before, with: Array("base64,".utf8)) { return true }
        return isPublicKey(bytes, run, word)
    }

    /// An address is no secret, but `?token=…` in it is.
    private static func isSecretParameter(_ bytes: UnsafeBufferPointer<UInt8>, _ before: Range<Int>) -> Bool {
        // `=` may stand for padding in a token and is a part of it.
        guard let last = before.last, bytes[last] == UInt8(ascii: "?") || bytes[last] == UInt8(ascii: "&") else { return false }
        var end = last + 1
        while end < bytes.count, isAlphanumeric(bytes[end]) || bytes[end] == UInt8(ascii: "_") || bytes[end] == UInt8(ascii: "-") {
            end += 1
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "=") else { return false }
        return secretParameters.contains { ends(bytes, last + 1..<end, with: $0) }
    }

    /// In the form of SSH (`ssh-ed25519 AAAA…`), or within a PEM block that says so.
    private static func isPublicKey(_ bytes: UnsafeBufferPointer<UInt8>, _ run: Range<Int>, _ word: Int) -> Bool {
        if begins(bytes, run, with: Array("AAAA".utf8)), word > 0 {
            let line = max(0, word - 64)..<word
            if contains(bytes, line, "ssh-") || contains(bytes, line, "ecdsa-") { return true }
        }
        let before = max(0, run.lowerBound - farthest)..<run.lowerBound
        return contains(bytes, before, "-----BEGIN CERTIFICATE") || contains(bytes, before, "-----BEGIN PUBLIC KEY")
            || contains(bytes, before, "-----BEGIN PGP PUBLIC KEY")
    }

    // MARK: Bytes

    private static func begins(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, with text: [UInt8]) -> Bool {
        range.count >= text.count && text.indices.allSatisfy { isSame(bytes[range.lowerBound + $0], text[$0]) }
    }

    private static func ends(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, with text: [UInt8]) -> Bool {
        range.count >= text.count && text.indices.allSatisfy { isSame(bytes[range.upperBound - text.count + $0], text[$0]) }
    }

    private static func contains(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard range.count >= count else { return false }
        return (range.lowerBound...range.upperBound - count).contains { start in
            (0..<count).allSatisfy { bytes[start + $0] == text.utf8Start[$0] }
        }
    }

    /// Letters of either case are the same.
    private static func isSame(_ one: UInt8, _ other: UInt8) -> Bool {
        one == other || (letter(one) != nil && letter(one) == letter(other))
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { letter(byte) != nil || (0x30...0x39).contains(byte) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20) }

    private static func isToken(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=")
    }
}
