/// What calls of functions charge at worst, and how large their results may get.
enum CostOfFunctions {
    static func steps(_ function: CELFunction, _ operands: [CostShape]) -> Int {
        let weight = operands.reduce(1) { $0 +| $1.weight }
        switch function {
        case .not, .negate, .subtract, .multiply, .divide, .modulo, .typeOf, .toDyn: return 0
        case .add, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .startsWith, .endsWith: return weight
        case .isIn: return (operands.last?.weight ?? 0) *| 2
        case .size:
            // The elements of a collection are not looked at.
            if case .collection? = operands.first { return 1 }
            return weight
        case .contains, .indexOf, .indexOfFrom, .lastIndexOf, .lastIndexOfFrom, .replace, .replaceLimit, .split, .splitLimit, .format,
            .distinct, .sort, .sortByKeys, .setContains, .setEquivalent, .setIntersects, .regexExtract, .regexExtractAll, .regexReplace,
            .regexReplaceLimit:
            return ((weight *| weight) *| 16) +| 300
        case .join, .joinWith:
            // Each element once, with the separator after it.
            let separators = (operands.first?.count ?? 0) *| (operands.count > 1 ? operands[1].weight : 1)
            return ((weight +| separators) *| 2) +| 300
        case .range: return .max
        default: return (weight *| 16) +| 300
        }
    }

    static func result(_ function: CELFunction, _ operands: [CostShape], _ arguments: [CELValue?]) -> CostShape {
        let weight = operands.reduce(1) { $0 +| $1.weight }
        let first = operands.first ?? .scalar
        let second = operands.count > 1 ? operands[1] : .scalar
        switch function {
        case .add:
            switch (first, second) {
            case (.scalar, .scalar): return .scalar
            case (.text(let left), .text(let right)): return .text(left +| right)
            case (.collection(let left, let one), .collection(let right, let two)): return .collection(left +| right, one.joined(two))
            default: return .bag(weight)
            }
        case .toDyn, .or, .orValue: return first.joined(second)
        case .optionalOf, .optionalOfNonZeroValue, .value, .slice, .sort, .distinct, .reverse, .sortByKeys, .optionalUnwrap: return first
        case .first, .last: return first.element
        case .lowerAscii, .upperAscii, .trim, .substring, .substringTo, .charAt, .regexExtract, .base64Decode: return .text(first.weight)
        case .toString, .quote, .toBytes, .base64Encode: return .text((weight *| 8) +| 64)
        case .split, .splitLimit, .regexExtractAll: return .collection(first.weight +| 1, .text(first.weight))
        case .flatten, .flattenDepth: return .bag(weight)
        case .join, .joinWith: return .text(first.weight +| (first.count *| second.weight))
        case .replace, .replaceLimit, .regexReplace, .regexReplaceLimit, .format:
            let replaced = operands.dropFirst().reduce(1) { $0 +| $1.weight }
            return .text((first.weight +| 1) *| ((replaced *| (first.weight +| 8)) +| 1_200))
        case .range: return .collection(.max, .scalar)
        case .greatest, .least: return .scalar
        case .toIP, .toCIDR, .cidrAddress, .masked: return .scalar
        case .typeOf: return .text(64)
        default: return function.rawValue >= CELFunction.wrapInt32.rawValue ? .bag((weight *| 2) +| 64) : .scalar
        }
    }
}
