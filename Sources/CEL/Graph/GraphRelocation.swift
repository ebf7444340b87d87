/// Moves the text that a graph refers to: from counting from its own start to counting from a place before it.
///
/// Graphs that lie in one memory can then share what they hold: a text that one of them left in a cell is read by all others.
enum GraphRelocation {
    /// Adds to the place of every text constant of an image that `GraphEmitter` made.
    static func relocate(_ image: inout [UInt64], by bytes: Int) {
        let words = image
        words.withUnsafeBufferPointer { words in
            guard let layout = GraphImage.Layout(words) else { return }
            var moved: Set<Int> = []
            func move(_ word: Int) {
                let place = layout.constantStart + word
                let cell = CELCell(meta: words[place], payload: words[place + 1])
                guard cell.isTagged(.text), moved.insert(word).inserted else { return }
                image[place + 1] = CELCell(.text, offset: cell.offset + bytes, count: cell.count).payload
            }
            for pattern in 0..<layout.patternCount { move(pattern * 2) }
            for position in 0..<layout.instructionCount {
                let word = words[GraphImage.headerWords + position * 2]
                guard let operation = GraphOperation(rawValue: UInt8(truncatingIfNeeded: word)), operation.readsConstant else { continue }
                let constant = Int(word >> 48)
                switch operation {
                case .inIntSet: break
                case .inTextSet:
                    let mask = Int(words[layout.constantStart + constant])
                    for place in 0...mask { move(constant + 1 + place * 2) }
                default: move(constant)
                }
            }
        }
    }
}
