import CEL

extension PolicyBundle {
    /// The value at `index` of section `valu`.
    public func value(_ index: Int) -> CELValue {
        precondition(index >= 0 && index < count(.valu))
        return records.value(index)
    }

    /// The condition at `index` of section `prog`, for the general machine.
    public func program(_ index: Int) -> CELProgram {
        do throws(CELVerificationError) {
            return try records.program(index)
        } catch {
            // INVARIANT: the verifier has read it, and nobody has written since. Nothing holds in this one.
            return CELProgram(words: [], constants: [], registerCount: 1, resultType: .dyn, slotsRead: [])
        }
    }

    /// `path:line` of the record at `index` of section `srce`.
    public func source(_ index: Int) -> (path: String, line: Int, column: Int) {
        (string(Int(word(.srce, index, 0))), Int(word(.srce, index, 1)), Int(word(.srce, index, 2)))
    }

    /// What the whole bundle says of itself.
    public func meta(_ column: MetaColumn) -> String { string(.meta, 0, column) }
}

extension BundleRecords {
    /// The value at `index` of section `valu`.
    func value(_ index: Int) -> CELValue {
        let (a, b) = (words(.valu)[index * 3 + 1], words(.valu)[index * 3 + 2])
        let bits = UInt64(a) | UInt64(b) << 32
        switch ValueTag(rawValue: words(.valu)[index * 3]) {
        case .null, nil: return .null
        case .bool: return .bool(a != 0)
        case .int: return .int(Int64(bitPattern: bits))
        case .uint: return .uint(bits)
        case .double: return .double(Double(bitPattern: bits))
        case .string: return .string(String(decoding: text(Int(a)), as: UTF8.self))
        case .type: return .type(String(decoding: text(Int(a)), as: UTF8.self))
        case .duration: return .duration(CELDuration(nanoseconds: Int64(bitPattern: bits)))
        case .bytes: return .bytes((0..<Int(b)).map { UInt8(truncatingIfNeeded: words(.list)[Int(a) + $0]) })
        case .list: return .list((0..<Int(b)).map { value(Int(words(.list)[Int(a) + $0])) })
        case .map:
            return .map(
                CELMap(
                    (0..<Int(b)).map {
                        (value(Int(words(.list)[Int(a) + $0 * 2])), value(Int(words(.list)[Int(a) + $0 * 2 + 1])))
                    }))
        case .timestamp:
            let seconds = Int64(bitPattern: UInt64(words(.list)[Int(a)]) | UInt64(words(.list)[Int(a) + 1]) << 32)
            return CELTimestamp(seconds: seconds, nanoseconds: Int32(bitPattern: b)).map { .timestamp($0) } ?? .null
        case .pattern:
            do {
                return .pattern(try CELPattern(String(decoding: text(Int(a)), as: UTF8.self)))
            } catch {
                // The compiler has compiled this very pattern; one that RE2 refuses comes from a hostile file and must not match anything.
                return .error(error)
            }
        }
    }

    /// The condition at `index` of section `prog`. Its graph is left out: it lies in the bundle and is run there.
    func program(_ index: Int) throws(CELVerificationError) -> CELProgram {
        let start = Int(word(.prog, index, ProgramColumn.word))
        let image = UnsafeBufferPointer(start: doubleWords(.code) + start, count: Int(word(.prog, index, ProgramColumn.wordCount)))
        var program = try CELProgram(image: image)
        program.graph = []
        return program
    }
}

/// Values as cells, for activations whose `text` is the bundle's `textMemory`.
extension BundleRecords {
    /// A string, read where it lies.
    public func cell(ofString index: Int) -> CELCell {
        let text = text(index)
        let start = places[BundleSection.strb.rawValue] - places[BundleSection.code.rawValue]
        return CELActivation.storedText(
            offset: start + Int(words(.strx)[index]), count: text.count, hash: CELActivation.hash(of: text))
    }

    /// The value at `index` of section `valu`. Texts and lists of texts, which most are, allocate nothing.
    public func cell(ofValue index: Int, in activation: CELActivation) -> CELCell {
        let record = words(.valu) + index * 3
        let bits = UInt64(record[1]) | UInt64(record[2]) << 32
        switch ValueTag(rawValue: record[0]) {
        case .null, nil: return .null
        case .bool: return .bool(record[1] != 0)
        case .int: return .int(Int64(bitPattern: bits))
        case .uint: return .uint(bits)
        case .double: return .double(Double(bitPattern: bits))
        case .duration: return .duration(CELDuration(nanoseconds: Int64(bitPattern: bits)))
        case .string: return cell(ofString: Int(record[1]))
        case .timestamp:
            let halves = words(.list) + Int(record[1])
            let seconds = Int64(bitPattern: UInt64(halves[0]) | UInt64(halves[1]) << 32)
            return CELTimestamp(seconds: seconds, nanoseconds: Int32(bitPattern: record[2])).map { .timestamp($0) } ?? .null
        case .list:
            let count = Int(record[2])
            let list = activation.makeList(count: count)
            for element in 0..<count {
                activation.setElement(element, of: list, to: cell(ofValue: Int(words(.list)[Int(record[1]) + element]), in: activation))
            }
            return list
        case .bytes, .map, .type, .pattern: return activation.makeCell(value(index))
        }
    }
}
