/// A text in which values were put in for parameters, and where: so that a place of the text can be shown where it was written.
public struct Insertions: Hashable, Sendable {
    /// The text as the template has it.
    public let written: String
    private var pieces: [Piece] = []

    private struct Piece: Hashable, Sendable {
        var value: Range<Int>
        var placeholder: Range<Int>
    }

    init(written: String) { self.written = written }

    /// - Parameters:
    ///   - value: UTF-8 offsets into the text, after those of the values before.
    ///   - placeholder: what stands there in `written`.
    mutating func add(_ value: Range<Int>, for placeholder: Range<Int>) {
        pieces.append(Piece(value: value, placeholder: placeholder))
    }

    /// The place in `written` of a range of the text; what lies in a value is the whole of its placeholder.
    public func written(_ range: Range<Int>) -> Range<Int> {
        let start = offset(range.lowerBound, isEnd: false)
        return start..<max(start, offset(range.upperBound, isEnd: true))
    }

    private func offset(_ offset: Int, isEnd: Bool) -> Int {
        var shift = 0
        for piece in pieces {
            if offset < piece.value.lowerBound || isEnd && offset == piece.value.lowerBound { break }
            if offset < piece.value.upperBound { return isEnd ? piece.placeholder.upperBound : piece.placeholder.lowerBound }
            shift = piece.placeholder.upperBound - piece.value.upperBound
        }
        return offset + shift
    }
}
