/// A compiled graph in one run of words that can be stored in a bundle, mapped, and run where it lies.
///
///     word 0   "CELG" in the upper half, version in the lower
///     word 1   instructions (lower half), constant words (upper half)
///     word 2   bytes of text (lower half), registers (bits 32–47), patterns (bits 48–63)
///     word 3   slots of the environment (lower half)
///     then     instructions, two words each; constants; text, with padding of at least eight bytes behind it
///
/// A constant is a cell of two words; the place of a text constant counts bytes from the start of the text. A set is a word (the size of its
/// table less one) and the cells of an open-addressing table, absent ones where it is empty. A pattern is the cell of its source, and
/// the patterns come first among the constants.
enum GraphImage {
    static let headerWords = 4
    static let magic: UInt64 = 0x4345_4C47 << 32 | 1

    /// Where the parts of an image lie.
    struct Layout {
        var instructionCount: Int
        var constantCount: Int
        var textBytes: Int
        var registerCount: Int
        var patternCount: Int
        var slotCount: Int

        /// Nil when this is no image, or one that is cut off.
        init?(_ words: UnsafeBufferPointer<UInt64>) {
            guard words.count >= headerWords, words[0] == magic else { return nil }
            instructionCount = Int(UInt32(truncatingIfNeeded: words[1]))
            constantCount = Int(words[1] >> 32)
            textBytes = Int(UInt32(truncatingIfNeeded: words[2]))
            registerCount = Int(UInt16(truncatingIfNeeded: words[2] >> 32))
            patternCount = Int(UInt16(truncatingIfNeeded: words[2] >> 48))
            slotCount = Int(UInt32(truncatingIfNeeded: words[3]))
            guard wordCount <= words.count else { return nil }
        }

        var constantStart: Int { headerWords + instructionCount * 2 }
        var textStart: Int { constantStart + constantCount }
        var wordCount: Int { textStart + (textBytes + 7) / 8 }
    }
}
