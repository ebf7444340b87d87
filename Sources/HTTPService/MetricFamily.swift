import Synchronization

/// One metric name with its label names; hands out the cell of each combination of label values.
///
/// Looking a combination up takes a lock: keep the returned cell where increments are frequent.
public final class MetricFamily<Cell: AnyObject & Sendable>: Sendable {
    /// The metric's name.
    public let name: String
    let help: String
    let labelNames: [String]
    private let make: @Sendable () -> Cell
    private let cells = Mutex<[[String]: Cell]>([:])

    init(name: String, help: String, labelNames: [String], make: @escaping @Sendable () -> Cell) {
        self.name = name
        self.help = help
        self.labelNames = labelNames
        self.make = make
        if labelNames.isEmpty { cells.withLock { $0[[]] = make() } }
    }

    /// The cell for these label values, in the order of the label names; made at the first call.
    ///
    /// Missing values count as empty and surplus ones are dropped, so that the output stays well-formed.
    public func labels(_ values: String...) -> Cell {
        cell(values)
    }

    /// The cell for these label values; see ``labels(_:)``.
    public func cell(_ values: [String]) -> Cell {
        var key = values
        if key.count != labelNames.count {
            key = Array(values.prefix(labelNames.count))
            key += Array(repeating: "", count: labelNames.count - key.count)
        }
        return cells.withLock { cells in
            if let cell = cells[key] { return cell }
            let cell = make()
            cells[key] = cell
            return cell
        }
    }

    /// All cells, ordered by label values so that two renderings differ only where values do.
    var snapshot: [(values: [String], cell: Cell)] {
        cells.withLock { cells in cells.map { (values: $0.key, cell: $0.value) } }
            .sorted { $0.values.lexicographicallyPrecedes($1.values) }
    }
}

/// Gauges that are read as a whole when they are rendered.
struct CollectedGauges: Sendable {
    var name: String
    var help: String
    var labelNames: [String]
    /// Values of the labels, in the order of their names, each combination once.
    var read: @Sendable () -> [(labels: [String], value: Double)]
}
