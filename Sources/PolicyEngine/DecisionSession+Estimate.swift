import CEL
import PolicyBundle

/// Token counts and cost, as far as they can be told before the model is called.
extension DecisionSession {
    /// The cost if the answer is as long as it may be: without `maxOutputTokens` in the request, as long as the model can make it.
    func estimate() {
        let records = engine.records
        let model = request.pointee.model
        if model >= 0 {
            if request.pointee.outputTokens == nil {
                let most = records.word(.modl, model, ModelColumn.maxOutput)
                let mode = records.text(Int(records.word(.modl, model, ModelColumn.mode)))
                if most > 0 {
                    request.pointee.outputTokens = Int64(most)
                } else if Self.isText(mode, "embedding") {
                    request.pointee.outputTokens = 0
                }
            }
            if let input = request.pointee.inputTokens, let output = request.pointee.outputTokens, let price = price(of: model) {
                request.pointee.cost = Self.cost(input, output, price)
            }
        }
        let slots = engine.slots
        if slots.estimateCost >= 0, let cost = request.pointee.cost { activation[slots.estimateCost] = .double(Double(cost) / 1e9) }
        if slots.estimateInputTokens >= 0, let tokens = request.pointee.inputTokens { activation[slots.estimateInputTokens] = .int(tokens) }
        if slots.estimateOutputTokens >= 0, let tokens = request.pointee.outputTokens {
            activation[slots.estimateOutputTokens] = .int(tokens)
        }
    }

    /// The record of the newest prices that hold at the request's time. Prices are sorted by the day on which they begin.
    private func price(of model: Int) -> UnsafePointer<UInt32>? {
        let records = engine.records
        let first = Int(records.word(.modl, model, ModelColumn.prices))
        var row = first + Int(records.word(.modl, model, ModelColumn.priceCount)) - 1
        while row >= first {
            let price = records.record(.pric, row)
            if Self.number(price, .fromLow) <= request.pointee.now / 1_000_000_000 { return price }
            row -= 1
        }
        return nil
    }

    private static func number(_ price: UnsafePointer<UInt32>, _ low: PriceColumn) -> Int64 {
        Int64(truncatingIfNeeded: UInt64(price[low.rawValue]) | UInt64(price[low.rawValue + 1]) << 32)
    }

    private static func cost(_ input: Int64, _ output: Int64, _ price: UnsafePointer<UInt32>) -> Int64? {
        let longAbove = number(price, .longAboveLow)
        let isLong = longAbove > 0 && input > longAbove
        guard let first = cost(input, number(price, isLong ? .longInputLow : .inputLow)),
            let second = cost(output, number(price, isLong ? .longOutputLow : .outputLow))
        else { return nil }
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? nil : sum
    }

    /// Rounded up: an estimate must not be below what will be paid.
    private static func cost(_ tokens: Int64, _ perMillion: Int64) -> Int64? {
        let (product, overflow) = tokens.multipliedReportingOverflow(by: perMillion)
        return overflow ? nil : product / 1_000_000 + (product % 1_000_000 > 0 ? 1 : 0)
    }
}
