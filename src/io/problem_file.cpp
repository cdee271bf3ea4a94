// toml++ 3.3 has errors for what its assertions exclude, "[.a]" for one; without assertions it comes to them.
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "identifier.hpp"
#include "lanewise/io.hpp"
#include "lanewise/problem.hpp"
#include "near.hpp"
#include "option_table.hpp"
#include "spot.hpp"
#include "toml_guard.hpp"
#include "values.hpp"

namespace lanewise {

namespace {

using Position = toml::source_position;
using Text = std::string_view;

struct Entry {
    std::string_view key;
    Position key_position;
    const toml::node* value;
};

/// toml++ sorts by name.
std::vector<Entry> in_file_order(const toml::table& table) {
    std::vector<Entry> entries;
    for (const auto& [key, value] : table) entries.push_back({key.str(), key.source().begin, &value});
    std::ranges::sort(entries,
                      [](const Entry& a, const Entry& b) { return a.key_position < b.key_position; });
    return entries;
}

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "a list";
        case toml::node_type::string: return "a string";
        case toml::node_type::integer: return "a whole number";
        case toml::node_type::floating_point: return "a number";
        case toml::node_type::boolean: return "true or false";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time: return "a date or time";
        default: return "nothing";
    }
}

/// A value that is neither list nor table, as a flag would have it.
std::string text_of(const toml::node& node) {
    if (const auto* string = node.as_string()) return string->get();
    if (const auto* integer = node.as_integer()) return fmt::format("{}", integer->get());
    if (const auto* number = node.as_floating_point()) return to_text(number->get());
    const auto* boolean = node.as_boolean();
    return boolean != nullptr && boolean->get() ? "true" : "false";
}

std::string_view wanted(OptionKind kind) {
    switch (kind) {
        case OptionKind::number: return "a number";
        case OptionKind::number_or_off: return "a number, or \"off\"";
        case OptionKind::count:
        case OptionKind::big_count: return "a whole number";
        case OptionKind::word:
        case OptionKind::file: return "a string";
        case OptionKind::choice: return "a string, or true or false";
        case OptionKind::formula: return "a string or a number";
        case OptionKind::points: break;
    }
    return "a list of points, [[...], ...]";
}

bool fits(OptionKind kind, const toml::node& node) {
    switch (kind) {
        case OptionKind::number:
        case OptionKind::count: return node.is_number();
        case OptionKind::big_count:
        case OptionKind::formula: return node.is_number() || node.is_string();
        case OptionKind::number_or_off: return node.is_number() || node.is_string() || node.is_boolean();
        case OptionKind::word:
        case OptionKind::file: return node.is_string();
        case OptionKind::choice: return node.is_string() || node.is_boolean();
        case OptionKind::points: break;
    }
    return node.is_array();
}

class Reader {
  public:
    Reader(std::string_view text, const std::filesystem::path& file)
        : text_(text), origin_(file.empty() ? "problem file" : file.string()) {
        problem_.file = file;
    }

    Problem read() {
        constexpr std::size_t most_bytes = 1U << 20U;
        if (text_.size() > most_bytes)
            throw std::invalid_argument(
                fmt::format("{}: {} bytes; a problem file has at most {}. A long expression can be in an "
                            "expression-file, many starts in a starts-file",
                            origin_, text_.size(), most_bytes));
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (text_.starts_with(byte_order_mark)) text_.remove_prefix(byte_order_mark.size());

        const toml::table root = parse();
        for (const Entry& entry : in_file_order(root)) read_entry(entry);
        if (!has_expression_)
            throw std::invalid_argument(
                fmt::format("{}: no expression; expression or expression-file is needed", origin_));
        return std::move(problem_);
    }

  private:
    toml::table parse() const {
        if (const auto trouble = find_toml_trouble(text_)) fail_at(trouble->position, trouble->message);
        try {
            return toml::parse(text_);
        } catch (const toml::parse_error& error) {
            fail(error.source().begin, error.description());
        }
    }

    void read_entry(const Entry& entry) {
        if (entry.key == "expression" || entry.key == "expression-file") {
            read_expression(entry);
        } else if (entry.key == "variables") {
            for (const Entry& variable : entries_of(entry)) read_variable(variable);
        } else if (entry.key == "parameters") {
            for (const Entry& parameter : entries_of(entry)) read_parameter(parameter);
        } else if (entry.key == "data") {
            for (const Entry& part : entries_of(entry)) read_data(part);
        } else if (entry.key == "tables") {
            for (const Entry& table : entries_of(entry)) read_table(table);
        } else if (entry.key == "options") {
            for (const Entry& option : entries_of(entry)) read_option(option);
        } else if (entry.key == "fit") {
            for (const Entry& option : entries_of(entry)) read_fit_option(option);
        } else if (entry.key == "tune") {
            for (const Entry& option : entries_of(entry)) read_tune_option(option);
        } else {
            refuse_misplaced(entry, "");
            fail(entry.key_position, unknown("key", entry.key,
                                             {"expression", "expression-file", "variables", "parameters",
                                              "data", "tables", "options", "fit", "tune"}));
        }
    }

    /// `place` is where it is.
    void refuse_misplaced(const Entry& entry, std::string_view place) const {
        const std::vector<Text> of_tune = tune_option_names();
        const std::array<std::pair<Text, bool>, 3> tables = {
            {{"options", kind_of_option(entry.key).has_value()},
             {"fit", kind_of_fit_option(entry.key).has_value()},
             {"tune", std::ranges::find(of_tune, entry.key) != of_tune.end()}}};
        if (std::ranges::find(tables, std::pair(place, true)) != tables.end()) return;
        for (const auto& [table, is_known] : tables) {
            if (is_known) fail(entry.key_position, fmt::format("'{}' belongs below [{}]", entry.key, table));
        }
    }

    void read_expression(const Entry& entry) {
        if (has_expression_)
            fail(entry.key_position, "there are both expression and expression-file; one is enough");
        has_expression_ = true;
        const std::string text = text_of(entry, entry.key, OptionKind::word);
        if (entry.key == "expression") {
            problem_.expression = text;
        } else {
            problem_.expression_file = input_file(entry, entry.key, text);
        }
    }

    void read_data(const Entry& entry) {
        if (entry.key != "file") fail(entry.key_position, unknown("key of data", entry.key, {"file"}));
        constexpr std::string_view label = "file of data";
        problem_.data_file = input_file(entry, label, text_of(entry, label, OptionKind::file));
    }

    /// A list of numbers, or the file they are in.
    void read_table(const Entry& entry) {
        locate(entry.key_position, [&] { check_identifier("table", entry.key); });
        const std::string label = fmt::format("table {}", entry.key);
        if (const toml::array* list = entry.value->as_array()) {
            problem_.tables.emplace(entry.key, constants(*list, label));
        } else if (entry.value->is_string()) {
            problem_.table_files.emplace(entry.key,
                                         input_file(entry, label, lanewise::text_of(*entry.value)));
        } else {
            fail(entry.value->source().begin, fmt::format("{} must be a list of numbers or a file, not {}",
                                                          label, type_name(*entry.value)));
        }
    }

    void read_variable(const Entry& entry) {
        const std::string label = fmt::format("variable {}", entry.key);
        std::optional<Variable::Bound> lower;
        std::optional<Variable::Bound> upper;
        std::optional<std::size_t> length;
        std::optional<bool> log;
        for (const Entry& part : parts_of_variable(entry)) {
            const std::string part_label = fmt::format("{} of {}", part.key, label);
            if (part.key == "lower") {
                lower = bound(*part.value, part_label);
            } else if (part.key == "upper") {
                upper = bound(*part.value, part_label);
            } else if (part.key == "length") {
                const std::string text = text_of(part, part_label, OptionKind::count);
                locate(part.value->source().begin, [&] { length = parse_length(part_label, text); });
            } else if (part.key == "log") {
                const toml::value<bool>* truth = part.value->as_boolean();
                if (truth == nullptr)
                    fail(part.value->source().begin, fmt::format("{} must be true or false", part_label));
                log = truth->get();
            } else {
                fail(part.key_position,
                     unknown(fmt::format("key of {}", label), part.key, {"lower", "upper", "length", "log"}));
            }
        }
        if (!lower || !upper)
            fail(entry.key_position, fmt::format("{}: both lower and upper are needed", label));
        add({std::string(entry.key), *lower, *upper, length, log}, entry.key_position);
    }

    void add(Variable variable, Position position) {
        Variable checked = variable;
        if (!checked.lower.size() && !checked.upper.size() && checked.length > std::size_t{1})
            checked.length = 1;  // spares the memory
        locate(position, [&] { const Box box{checked}; });
        problem_.variables.push_back(std::move(variable));
    }

    /// [LOWER, UPPER] is short for {lower = LOWER, upper = UPPER}. Lists in it could be meant in two ways.
    std::vector<Entry> parts_of_variable(const Entry& entry) const {
        if (entry.value->is_table()) return in_file_order(*entry.value->as_table());
        const toml::array* bounds = entry.value->as_array();
        if (bounds == nullptr || bounds->size() != 2 || bounds->get(0)->is_array() ||
            bounds->get(1)->is_array())
            fail(entry.value->source().begin,
                 fmt::format("variable {} must be [LOWER, UPPER] or {{lower = LOWER, upper = UPPER, length = "
                             "LENGTH, log = true}}, where LOWER and UPPER can be lists",
                             entry.key));
        return {{"lower", entry.key_position, bounds->get(0)}, {"upper", entry.key_position, bounds->get(1)}};
    }

    void read_parameter(const Entry& entry) {
        locate(entry.key_position, [&] { check_identifier("parameter", entry.key); });
        problem_.parameters.emplace(entry.key,
                                    constant(*entry.value, fmt::format("parameter {}", entry.key)));
    }

    void read_option(const Entry& entry) {
        refuse_misplaced(entry, "options");
        const std::optional<OptionKind> kind = kind_of_option(entry.key);
        if (!kind) fail(entry.key_position, unknown_option(entry.key, option_names()));
        if (kind == OptionKind::points) {
            read_points(entry);
        } else {
            set(entry, *kind, set_option);
        }
    }

    void read_fit_option(const Entry& entry) {
        refuse_misplaced(entry, "fit");
        const std::optional<OptionKind> kind = kind_of_fit_option(entry.key);
        if (!kind) fail(entry.key_position, unknown_option(entry.key, own_fit_option_names()));
        set(entry, *kind, set_fit_option);
    }

    /// A list of values is one text, as in a flag.
    void read_tune_option(const Entry& entry) {
        refuse_misplaced(entry, "tune");
        std::string text;
        const auto add = [&](const toml::node& node) {
            if (!node.is_number() && !node.is_string())
                fail(node.source().begin,
                     fmt::format("{} must be a number, a string or a list of them, not {}", entry.key,
                                 type_name(node)));
            if (!text.empty()) text += ',';
            text += lanewise::text_of(node);
        };
        if (const toml::array* list = entry.value->as_array()) {
            for (const toml::node& node : *list) add(node);
        } else {
            add(*entry.value);
        }
        locate(entry.value->source().begin, [&] {
            try {
                set_tune_option(problem_, entry.key, text);
            } catch (const ParseError& error) {
                throw std::invalid_argument(
                    fmt::format("vary {} '{}': {}", entry.key, text, error.message()));
            }
        });
    }

    void set(const Entry& entry, OptionKind kind, void (*set_by_name)(Problem&, Text, Text)) {
        std::string text = text_of(entry, entry.key, kind);
        constexpr auto inputs = std::to_array<Text>({"starts-file", "problems", "predict"});
        if (std::ranges::find(inputs, entry.key) != inputs.end()) refuse_stdin(entry, entry.key, text);
        if (kind == OptionKind::file && !text.empty() && text != "-") text = beside(text).string();
        locate(entry.value->source().begin, [&] { set_by_name(problem_, entry.key, text); });
    }

    std::filesystem::path input_file(const Entry& entry, Text label, Text text) const {
        if (text.empty()) fail(entry.value->source().begin, fmt::format("{} '': a file is expected", label));
        refuse_stdin(entry, label, text);
        return beside(text);
    }

    void refuse_stdin(const Entry& entry, Text label, Text file) const {
        if (file == "-")
            fail(entry.value->source().begin,
                 fmt::format("{} '-': must be a file; a problem file does not read stdin", label));
    }

    void read_points(const Entry& entry) {
        require(OptionKind::points, *entry.value, entry.key);
        for (const toml::node& point : *entry.value->as_array()) {
            require(OptionKind::points, point, entry.key);
            std::vector<double> x;
            for (const toml::node& coordinate : *point.as_array())
                x.push_back(constant(coordinate, fmt::format("a coordinate of {}", entry.key)));
            problem_.fitting.options.start_points.push_back(x);
            problem_.options.start_points.push_back(std::move(x));
        }
    }

    std::vector<Entry> entries_of(const Entry& entry) const {
        const toml::table* table = entry.value->as_table();
        if (table == nullptr)
            fail(entry.value->source().begin,
                 fmt::format("{} must be a table, not {}", entry.key, type_name(*entry.value)));
        return in_file_order(*table);
    }

    void require(OptionKind kind, const toml::node& node, std::string_view label) const {
        if (!fits(kind, node))
            fail(node.source().begin,
                 fmt::format("{} must be {}, not {}", label, wanted(kind), type_name(node)));
    }

    std::string text_of(const Entry& entry, std::string_view label, OptionKind kind) const {
        require(kind, *entry.value, label);
        return lanewise::text_of(*entry.value);
    }

    Variable::Bound bound(const toml::node& node, std::string_view label) const {
        const toml::array* list = node.as_array();
        return list == nullptr ? Variable::Bound(constant(node, label)) : constants(*list, label);
    }

    std::vector<double> constants(const toml::array& list, std::string_view label) const {
        std::vector<double> numbers;
        for (const toml::node& element : list)
            numbers.push_back(constant(element, fmt::format("element {} of {}", numbers.size(), label)));
        return numbers;
    }

    /// A finite number, which can be an expression in a string.
    double constant(const toml::node& node, std::string_view label) const {
        const Position begin = node.source().begin;
        if (!node.is_number() && !node.is_string())
            fail(begin, fmt::format("{} must be a number or a string, not {}", label, type_name(node)));
        const std::string text = lanewise::text_of(node);
        try {
            return node.is_number() ? parse_number(label, text) : parse_constant(label, text, text);
        } catch (const ParseError& error) {
            // Behind the quote, unless the string is written in another way than it reads.
            const std::size_t quote = offset_of(begin);
            const bool as_it_reads = text_.substr(std::min(quote + 1, text_.size())).starts_with(text);
            fail_at(as_it_reads ? quote + 1 + error.position() : quote,
                    fmt::format("{} '{}': {}", label, text, error.message()));
        } catch (const std::invalid_argument& error) {
            fail(begin, error.what());
        }
    }

    std::filesystem::path beside(std::string_view name) const { return problem_.file.parent_path() / name; }

    /// What `read` finds wrong is at this place.
    template <class Read>
    void locate(Position position, Read read) const {
        try {
            read();
        } catch (const std::invalid_argument& error) {
            fail(position, error.what());
        }
    }

    /// toml++ counts lines and columns from 1, and characters where we count bytes.
    std::size_t offset_of(Position position) const {
        std::size_t at = 0;
        for (std::size_t line = 1; line < position.line && at < text_.size(); ++line)
            at = std::min(text_.find('\n', at), text_.size() - 1) + 1;
        for (std::size_t column = 1; column < position.column && at < text_.size(); ++column) {
            ++at;
            while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0U) == 0x80U) ++at;
        }
        return at;
    }

    [[noreturn]] void fail(Position position, std::string_view message) const {
        fail_at(offset_of(position), message);
    }

    [[noreturn]] void fail_at(std::size_t position, std::string_view message) const {
        throw std::invalid_argument(show_spot(origin_, text_, position, message));
    }

    std::string_view text_;
    std::string origin_;
    Problem problem_;
    bool has_expression_ = false;
};

}  // namespace

Problem parse_problem(std::string_view toml, const std::filesystem::path& file) {
    return Reader(toml, file).read();
}

Problem read_problem(const std::filesystem::path& file) {
    Problem problem = parse_problem(read_file(file), file);
    problem.load_expression();
    return problem;
}

}  // namespace lanewise
