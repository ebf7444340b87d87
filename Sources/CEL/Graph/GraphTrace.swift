/// What is recorded of an instruction, one bit for each way that it went on.
public enum GraphTrace {
    /// The predicate held, or the work was done.
    public static let yes: UInt8 = 1
    public static let no: UInt8 = 2
    public static let error: UInt8 = 4
    /// The graph was left for the general machine, or the budget was used up.
    public static let left: UInt8 = 8

    @inline(__always)
    static func bit(_ exits: UInt64, _ next: UInt16) -> UInt8 {
        if next == UInt16(truncatingIfNeeded: exits) { return yes }
        if next == UInt16(truncatingIfNeeded: exits >> 16) { return no }
        return next == UInt16(truncatingIfNeeded: exits >> 32) ? error : left
    }
}
