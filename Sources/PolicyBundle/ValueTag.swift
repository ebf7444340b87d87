/// The kinds of records of `valu`.
enum ValueTag: UInt32 {
    case null, bool, int, uint, double, string, bytes, list, map, timestamp, duration, type, pattern
}
