extension MetricsRegistry {
    /// The metrics in the Prometheus text format 0.0.4, ordered by name; see ``contentType``.
    public func render() -> [UInt8] {
        var page = MetricsPage()
        for family in snapshot {
            switch family {
            case .counter(let family):
                page.header(family.name, help: family.help, type: "counter")
                for (values, cell) in family.snapshot {
                    page.sample(family.name, family.labelNames, values, "\(cell.value)")
                }
            case .gauge(let family):
                page.header(family.name, help: family.help, type: "gauge")
                for (values, cell) in family.snapshot {
                    page.sample(family.name, family.labelNames, values, MetricsPage.number(cell.value))
                }
            case .collected(let family):
                page.header(family.name, help: family.help, type: "gauge")
                for sample in family.read() {
                    page.sample(family.name, family.labelNames, sample.labels, MetricsPage.number(sample.value))
                }
            case .histogram(let family, let bounds):
                page.header(family.name, help: family.help, type: "histogram")
                let names = family.labelNames + ["le"]
                let bounds = bounds.map(MetricsPage.number) + ["+Inf"]
                for (values, cell) in family.snapshot {
                    // The count is taken from the buckets: read apart, it could disagree with them under load.
                    let counts = cell.cumulativeCounts
                    for (bound, count) in zip(bounds, counts) {
                        page.sample(family.name + "_bucket", names, values + [bound], "\(count)")
                    }
                    page.sample(family.name + "_sum", family.labelNames, values, MetricsPage.number(cell.sum))
                    page.sample(family.name + "_count", family.labelNames, values, "\(counts.last ?? 0)")
                }
            }
        }
        return page.bytes
    }
}

/// Bytes of a page in the Prometheus text format.
private struct MetricsPage {
    var bytes: [UInt8] = []

    mutating func header(_ name: String, help: String, type: String) {
        append("# HELP \(name) ")
        escape(help, quotes: false)
        append("\n# TYPE \(name) \(type)\n")
    }

    mutating func sample(_ name: String, _ labels: [String], _ values: [String], _ value: String) {
        append(name)
        if !labels.isEmpty {
            append("{")
            for (index, (label, value)) in zip(labels, values).enumerated() {
                append(index == 0 ? "\(label)=\"" : ",\(label)=\"")
                escape(value, quotes: true)
                append("\"")
            }
            append("}")
        }
        append(" \(value)\n")
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(.towardZero), value.magnitude < 1e15 { return "\(Int64(value))" }
        return "\(value)"
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Help text escapes backslash and line feed; label values escape the double quote as well.
    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\"") where quotes: append("\\\"")
            default: bytes.append(byte)
            }
        }
    }
}
