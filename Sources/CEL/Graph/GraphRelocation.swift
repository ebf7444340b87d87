/// Moves the text that a graph refers to: from counting from its own start to counting from a place before it.
///
/// Graphs that lie in one memory then share what they hold: a text that one of them left in a cell is read by all others, and equal
/// constants are read in one place.
enum GraphRelocation {
    /// Changes the place of every text constant of an image that `GraphEmitter` made.
    ///
    /// - Parameters:
    ///   - bytes: where the image's own text begins.
    ///   - known: places of texts in images before this one; those of this one are added.
    static func relocate(_ image: inout [UInt64], by bytes: Int, known: inout [[UInt8]: Int]) {
        let words = image
        words.withUnsafeBufferPointer { words in
            guard let layout = GraphImage.Layout(words) else { return }
            var moved: Set<Int> = []
            func move(_ word: Int) {
                let place = layout.constantStart + word
                let cell = CELCell(meta: words[place], payload: words[place + 1])
                guard cell.isTagged(.text), moved.insert(word).inserted else { return }
                let own = UnsafeRawBufferPointer(words)
                let start = layout.textStart * 8 + cell.offset
                let text = Array(own[start..<start + cell.count])
                let offset = known[text] ?? cell.offset + bytes
                known[text] = offset
                image[place + 1] = CELCell(.text, offset: offset, count: cell.count).payload
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
