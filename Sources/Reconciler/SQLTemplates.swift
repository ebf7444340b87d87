/// The statements of `SQL/` and `Migrations/`, which are compiled into the program.
enum SQLTemplates {
    /// `{name}` in a template is replaced by what is given for it.
    static func fill(_ template: [UInt8], _ values: [String: String]) -> String {
        var text = String(decoding: template, as: UTF8.self)
        for (name, value) in values { text = text.replacing("{\(name)}", with: value) }
        return text
    }
}
