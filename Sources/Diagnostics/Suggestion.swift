/// "Did you mean …": the candidate nearest to a misspelt word.
public enum Suggestion {
    /// The nearest of `candidates` by edit distance (insertions, deletions, substitutions, swaps of neighbours, case ignored),
    /// or `nil` when none is near enough to be what was meant: a third of the word's length, at least one, and never all of it.
    public static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let target = Array(word.lowercased().unicodeScalars)
        guard !target.isEmpty, target.count <= 128 else { return nil }
        let limit = max(1, target.count / 3)
        var best: (distance: Int, candidate: String)?
        for candidate in candidates {
            let other = Array(candidate.lowercased().unicodeScalars)
            guard abs(other.count - target.count) <= limit else { continue }
            let found = distance(target, other)
            guard found <= limit, found < target.count else { continue }
            if let known = best, (known.distance, known.candidate) <= (found, candidate) { continue }
            best = (found, candidate)
        }
        return best?.candidate
    }

    /// `did you mean …?`, ready to be a help line.
    public static func help(for word: String, among candidates: some Sequence<String>) -> String? {
        nearest(to: word, among: candidates).map { "did you mean `\($0)`?" }
    }

    /// Optimal string alignment distance.
    static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i] + [Int](repeating: 0, count: b.count)
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                var value = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { value = min(value, beforeLast[j - 2] + 1) }
                row[j] = value
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
