import CEL

extension PolicyBundle {
    /// The value at `index` of section `valu`.
    public func value(_ index: Int) -> CELValue {
        let (a, b) = (word(.valu, index, 1), word(.valu, index, 2))
        let bits = UInt64(a) | UInt64(b) << 32
        switch ValueTag(rawValue: word(.valu, index, 0)) {
        case .null, nil: return .null
        case .bool: return .bool(a != 0)
        case .int: return .int(Int64(bitPattern: bits))
        case .uint: return .uint(bits)
        case .double: return .double(Double(bitPattern: bits))
        case .string: return .string(string(Int(a)))
        case .type: return .type(string(Int(a)))
        case .duration: return .duration(CELDuration(nanoseconds: Int64(bitPattern: bits)))
        case .bytes: return .bytes((0..<Int(b)).map { UInt8(truncatingIfNeeded: word(.list, Int(a) + $0, 0)) })
        case .list: return .list((0..<Int(b)).map { value(Int(word(.list, Int(a) + $0, 0))) })
        case .map:
            return .map(
                CELMap(
                    (0..<Int(b)).map {
                        (value(Int(word(.list, Int(a) + $0 * 2, 0))), value(Int(word(.list, Int(a) + $0 * 2 + 1, 0))))
                    }))
        case .timestamp:
            let seconds = Int64(bitPattern: UInt64(word(.list, Int(a), 0)) | UInt64(word(.list, Int(a) + 1, 0)) << 32)
            return CELTimestamp(seconds: seconds, nanoseconds: Int32(bitPattern: b)).map { .timestamp($0) } ?? .null
        case .pattern:
            do {
                return .pattern(try CELPattern(string(Int(a))))
            } catch {
                // The compiler has compiled this very pattern; one that RE2 refuses comes from a hostile file and must not match anything.
                return .error(error)
            }
        }
    }

    /// The condition at `index` of section `prog`; its code is not verified yet.
    public func program(_ index: Int) -> CELProgram {
        let words = records(.prog, index, ProgramColumn.code).map { word(.code, $0, 0) }
        let constants = list(.prog, index, ProgramColumn.constants).map { value($0) }
        return CELProgram(
            words: words, constants: constants, registerCount: Int(word(.prog, index, ProgramColumn.registers)), resultType: .dyn,
            slotsRead: list(.prog, index, ProgramColumn.slotsRead))
    }

    /// `path:line` of the record at `index` of section `srce`.
    public func source(_ index: Int) -> (path: String, line: Int, column: Int) {
        (string(Int(word(.srce, index, 0))), Int(word(.srce, index, 1)), Int(word(.srce, index, 2)))
    }

    /// What the whole bundle says of itself.
    public func meta(_ column: MetaColumn) -> String { string(.meta, 0, column) }
}
