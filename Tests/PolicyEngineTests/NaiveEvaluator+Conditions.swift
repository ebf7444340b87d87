extension NaiveEvaluator {
    /// What a condition comes to.
    enum Truth { case yes, no, error }

    /// What conditions read, by path. What is not there is an error where it is read.
    struct Facts {
        private(set) var texts: [String: String] = [:]
        private var integers: [String: Int64] = [:]
        private var lists: [String: Set<String>] = [:]
        private var variables: [String: Truth] = [:]
        private let now: Int64
        /// In 10⁻⁹ of the currency.
        private(set) var cost: Int64?

        init(_ about: About, _ world: RandomWorld) {
            let request = about.request
            now = request.now
            texts = ["resource.type": request.resourceType, "resource.id": request.resource, "action.name": request.action]
            texts["subject.id"] = about.subject.name
            texts["subject.type"] = about.subject.type
            texts["subject.attributes.clearance"] = about.subject.clearance
            texts["resource.provider"] = about.model?.provider
            for (name, value) in request.context { texts["context." + name] = value }
            let properties = request.properties(in: world)
            texts["resource.region"] = properties["region"]
            texts["resource.properties.kind"] = properties["kind"]
            for (name, value) in request.counts { integers["context." + name] = value }
            integers["subject.attributes.level"] = about.subject.level
            integers["resource.maxOutput"] = about.model?.maxOutput
            lists = ["subject.teams": about.teams, "subject.roles": about.roles]
            if let model = about.model { lists["resource.tags"] = Set(model.tags) }
            let price = about.model?.prices.filter { $0.from * 1_000_000_000 <= request.now }.max { $0.from < $1.from }
            if let price, let input = request.counts["inputTokens"],
                let output = request.counts["maxOutputTokens"] ?? about.model?.maxOutput
            {
                // A thousandth for a million tokens is 10⁻⁹ for one.
                cost = input * price.input + output * price.output
            }
        }

        /// With a policy's variables, each of which may read those before it.
        func with(_ variables: [RandomWorld.Variable]) -> Facts {
            var facts = self
            for variable in variables {
                switch variable.value {
                case .condition(let condition): facts.variables[variable.name] = facts.truth(of: condition)
                case .text(let path): facts.texts[variable.name] = facts.texts[path]
                }
            }
            return facts
        }

        func truth(of condition: RandomCondition) -> Truth {
            func test<Value>(_ value: Value?, _ holds: (Value) -> Bool) -> Truth { value.map { holds($0) ? .yes : .no } ?? .error }
            // Texts are the same by their bytes, whatever their letters.
            func isSame(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
            switch condition {
            case .literal(let flag): return flag ? .yes : .no
            case .errs: return .error
            case .equal(let path, let value, _): return test(texts[path]) { isSame($0, value) }
            case .oneOf(let path, let values): return test(texts[path]) { text in values.contains { isSame(text, $0) } }
            case .begins(let path, let value): return test(texts[path]) { $0.utf8.starts(with: value.utf8) }
            case .has(let path): return texts[path] == nil ? .no : .yes
            case .above(let path, let number): return test(integers[path]) { $0 > number }
            case .holds(let path, let value): return test(lists[path]) { $0.contains(value) }
            case .before(let seconds): return now < seconds * 1_000_000_000 ? .yes : .no
            case .costs(let thousandths): return test(cost) { $0 > thousandths * 1_000_000 }
            case .variable(let name): return variables[name] ?? .error
            case .not(let operand):
                let truth = truth(of: operand)
                return truth == .error ? .error : truth == .yes ? .no : .yes
            case .and(let left, let right): return Self.join(truth(of: left), truth(of: right), settledBy: .no)
            case .or(let left, let right): return Self.join(truth(of: left), truth(of: right), settledBy: .yes)
            }
        }

        /// One side may settle the whole, whatever becomes of the other.
        private static func join(_ left: Truth, _ right: Truth, settledBy settling: Truth) -> Truth {
            if left == settling || right == settling { return settling }
            return left == .error || right == .error ? .error : left
        }
    }
}
