import CLibPQ

/// Parameters laid out as `PQexecParams` wants them: every value in one run of bytes, each ended by a NUL.
struct PostgresParameters {
    private var bytes: [UInt8] = []
    /// Where each value begins; `nil` is NULL.
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []
    private var types: [Oid] = []

    /// OIDs of `pg_type.dat`; they never change.
    private static let bytea: Oid = 17
    private static let textArray: Oid = 1009
    private static let intArray: Oid = 1016

    init(_ values: [PostgresValue]) throws(PostgresError) {
        guard values.count <= Int(UInt16.max) else {
            throw PostgresError(.usage, "\(values.count) parameters; a statement takes 65535 at most")
        }
        for (index, value) in values.enumerated() {
            switch value {
            case .null: append(nil)
            case .text(let text): append(try Self.checked(text, index).utf8)
            case .int(let number): append(String(number).utf8)
            case .bool(let truth): append((truth ? "true" : "false").utf8)
            case .bytes(let raw):
                guard raw.count <= Int(Int32.max) else { throw PostgresError(.usage, "parameter $\(index + 1) is longer than 2 GB") }
                append(raw, format: 1, type: Self.bytea)
            case .textArray(let elements):
                var size = 0
                for element in elements { size += try Self.checked(element, index).utf8.count + 4 }
                try append(array: Self.textArray, size: size, index) { $0.textArray(elements) }
            case .intArray(let elements):
                try append(array: Self.intArray, size: elements.count * 12, index) { $0.int8Array(elements) }
            }
        }
    }

    /// Calls `body` with the count, types, values, lengths and formats.
    func withPointers<R>(
        _ body: (Int32, UnsafePointer<Oid>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
    ) -> R {
        bytes.withUnsafeBytes { raw in
            let base = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = offsets.map { offset in offset.flatMap { base?.advanced(by: $0) } }
            return body(Int32(offsets.count), types, values, lengths, formats)
        }
    }

    private mutating func append(_ value: some Collection<UInt8>, format: Int32 = 0, type: Oid = 0) {
        offsets.append(bytes.count)
        bytes.append(contentsOf: value)
        // Text values are read up to this NUL; for binary ones it is harmless, and keeps an empty value's address inside the run.
        bytes.append(0)
        lengths.append(Int32(value.count))
        formats.append(format)
        types.append(type)
    }

    /// - Parameter size: bytes of the elements.
    private mutating func append(
        array type: Oid, size: Int, _ index: Int, _ write: (PostgresFieldBuffer) -> Void
    ) throws(PostgresError) {
        guard size < Int(Int32.max) - 20 else { throw PostgresError(.usage, "parameter $\(index + 1) is longer than 2 GB") }
        let field = PostgresFieldBuffer(capacity: size + 24)
        write(field)
        // Its length, which a parameter has beside it.
        append(field.bytes.dropFirst(4), format: 1, type: type)
    }

    private mutating func append(_: Never?) {
        offsets.append(nil)
        lengths.append(0)
        formats.append(0)
        types.append(0)
    }

    /// A NUL would silently cut the value short.
    private static func checked(_ text: String, _ index: Int) throws(PostgresError) -> String {
        guard !text.utf8.contains(0) else {
            throw PostgresError(.usage, "parameter $\(index + 1) holds a NUL character, which Postgres text cannot")
        }
        guard text.utf8.count < Int(Int32.max) else { throw PostgresError(.usage, "parameter $\(index + 1) is longer than 2 GB") }
        return text
    }
}
