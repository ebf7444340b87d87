/// What is recorded of an instruction, one bit for each way that it went on.
public enum GraphTrace {
    /// The predicate held, or the work was done.
    public static let yes: UInt8 = 1
    public static let no: UInt8 = 2
    public static let error: UInt8 = 4
    /// The graph was left for the general machine, or the budget was used up.
    public static let left: UInt8 = 8

    /// Held, did not hold, or an error: as an instruction's exits stand.
    static let ways = 3

    /// Exits that are the numbers of the ways.
    static let numberedExits: UInt64 = 0x0002_0001_0000

    /// - Parameter way: one of them, or a place that none leads to.
    @inline(__always)
    static func bit(ofWay way: Int) -> UInt8 { way < ways ? 1 << UInt8(way) : left }
}
