/// A bundle as the file that it was read from.
extension PolicyBundle {
    /// Calls `body` with all of the bundle's bytes, where they lie.
    public func withContent<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value { try body(memory) }

    /// A part of the bundle's bytes.
    ///
    /// - Precondition: `range` lies in `0..<size`.
    public func content(_ range: Range<Int>) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= size, "a part of the bundle")
        return Array(memory[range])
    }
}
