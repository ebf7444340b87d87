/// `*` globs: `*` stands for any characters, none included; everything else for itself.
public enum Glob {
    /// Whether `text` is matched by `pattern`, in time linear in the product of their lengths at worst, without recursion.
    public static func matches(_ text: String, _ pattern: String) -> Bool {
        var text = text
        var pattern = pattern
        return text.withUTF8 { bytes in pattern.withUTF8 { matches(bytes, $0) } }
    }

    public static func matches(_ text: UnsafeBufferPointer<UInt8>, _ pattern: UnsafeBufferPointer<UInt8>) -> Bool {
        var (t, p) = (0, 0)
        var (star, resume) = (-1, 0)
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = p
                resume = t
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if star >= 0 {
                resume += 1
                t = resume
                p = star + 1
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == UInt8(ascii: "*") { p += 1 }
        return p == pattern.count
    }
}
