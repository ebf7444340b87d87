/// Numbers that are the same in every run.
struct Noise {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1 }

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    mutating func one<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// True once in so many times.
    mutating func isOnce(in times: Int) -> Bool { below(times) == 0 }

    /// Up to `most` of the candidates, each once.
    mutating func some(_ candidates: [String], most: Int) -> [String] {
        var found: [String] = []
        for _ in 0..<below(most + 1) {
            let one = one(candidates)
            if !found.contains(one) { found.append(one) }
        }
        return found
    }

    /// One of the candidates at least, each once.
    mutating func few(_ candidates: [String], most: Int) -> [String] {
        let first = one(candidates)
        return [first] + some(candidates.filter { $0 != first }, most: most - 1)
    }
}
