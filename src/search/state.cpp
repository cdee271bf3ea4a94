#include "state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "digest.hpp"
#include "lanewise/own_kernels.hpp"
#include "names.hpp"
#include "option_list.hpp"
#include "state_rules.hpp"

namespace lanewise {

namespace {

constexpr std::string_view magic = "lanewise checkpoint\n";
constexpr std::string_view magic_of_done_part = "lanewise part found\n";
static_assert(magic.size() == magic_of_done_part.size());
constexpr std::uint32_t format = 12;  // one more with each change of what is written

/// Every step is one-to-one in the checksum so far and in the word: no change of a single word goes unseen.
std::uint64_t checksum(std::string_view bytes) {
    std::uint64_t sum = bytes.size();
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, std::min(sizeof word, bytes.size() - at));
        sum = (sum ^ word) * 0x9E3779B97F4A7C15U;
        sum ^= sum >> 32U;
    }
    return sum;
}

/// Null: the objective is no formula.
const Formula* formula_of(const Objective& objective) {
    const OwnKernels* own = own_kernels(objective);
    return own == nullptr ? nullptr : own->formula();
}

/// The spelling of an option's value; empty where the value is too long for that.
template <class T>
std::string spell(const T& value) {
    if constexpr (std::is_enum_v<T>) {
        return std::string(spelling_of(value));
    } else {
        return fmt::format("{}", value);
    }
}
std::string spell(bool value) {
    return std::string(spelling_of(value));
}
template <class T>
std::string spell(const std::optional<T>& value) {
    return value ? spell(*value) : "none";
}
std::string spell(const std::vector<std::vector<double>>& /*points*/) {
    return {};
}
std::string spell(const Option& option, const auto& value) {
    const std::string text = spell(value);
    return option.notation == Notation::number_or_off && text == "0" ? "off" : text;
}

struct Spelled {
    std::string_view name;
    std::string text, bytes;
};

/// The options that results depend on.
std::vector<Spelled> deciding_options(Options options) {
    std::vector<Spelled> deciding;
    visit_saved(options, [&](const Option& option, auto& value) {
        const bool decides =
            option.saved == Saved::deciding || (options.parts > 0 && option.saved == Saved::deciding_parts);
        if (!decides) return;
        Writer writer;
        writer(value);
        deciding.push_back({option.name, spell(option, value), writer.take()});
    });
    return deciding;
}

/// The options with what is used where nothing was set: both are the same search. No starts are none: they
/// cannot be set to 0.
Options as_saved(const Options& options, const Box& box) {
    Options used = with_used(options, box.dimension());
    if (used.starts == std::size_t{0}) used.starts.reset();
    return used;
}

void require_same_box(const Box& saved, const Box& given) {
    if (saved.dimension() != given.dimension())
        throw std::invalid_argument(fmt::format("the box has {} coordinates: that of the saved search has {}",
                                                given.dimension(), saved.dimension()));
    const auto bounds = [](const Box& box, std::size_t j) {
        const std::optional<bool> log = box.variable_of(j).log;
        return fmt::format("{}={}:{}{}", box.coordinate_name(j), box.lower()[j], box.upper()[j],
                           !log   ? ""
                           : *log ? " log"
                                  : " linear");
    };
    for (std::size_t j = 0; j < given.dimension(); ++j) {
        if (bounds(saved, j) != bounds(given, j))
            throw std::invalid_argument(
                fmt::format("var {}: the saved search has {}", bounds(given, j), bounds(saved, j)));
    }
}

struct SavedVariable {
    std::string name;
    std::optional<std::size_t> length;
    std::optional<bool> log;

    template <class Archive>
    void archive(Archive& archive) {
        archive(name, length, log);
    }
};

Box read_box(Reader& reader) {
    std::vector<SavedVariable> saved;
    std::vector<double> lower;
    std::vector<double> upper;
    reader(saved, lower, upper);
    Reader::require(lower.size() == upper.size(), "box");
    std::vector<Variable> variables;
    std::size_t offset = 0;
    for (const SavedVariable& variable : saved) {
        const std::size_t size = variable.length.value_or(1);
        Reader::require(offset < lower.size() && size <= lower.size() - offset, "box");
        const auto bound = [&](const std::vector<double>& of_all) {
            const auto begin = of_all.begin() + static_cast<std::ptrdiff_t>(offset);
            return variable.length ? Variable::Bound(std::vector<double>(
                                         begin, begin + static_cast<std::ptrdiff_t>(size)))
                                   : Variable::Bound(*begin);
        };
        variables.push_back({variable.name, bound(lower), bound(upper), variable.length, variable.log});
        offset += size;
    }
    Box box = Reader::require_valid([&] { return Box(std::move(variables)); });
    Reader::require(box.lower() == lower && box.upper() == upper, "box");
    return box;
}

/// Box and objective.
void write_problem(Writer& writer, const Coordinates& coordinates) {
    std::vector<SavedVariable> variables;
    const Box& box = coordinates.given_box();
    for (const Box::Place& place : box.variables())
        variables.push_back({place.name, place.length, place.log});
    std::vector<double> lower = box.lower();
    std::vector<double> upper = box.upper();
    writer(variables, lower, upper);

    const Formula* formula = formula_of(coordinates.given_objective());
    writer(formula != nullptr);
    if (formula == nullptr) return;
    writer(formula->expression, formula->parameters.size());
    for (const auto& [name, value] : formula->parameters) writer(name, value);
    writer(formula->data);
}

}  // namespace

std::uint64_t search_digest(const Setting& setting) {
    Writer writer;
    write_problem(writer, *setting.coordinates);
    const Options options = as_saved(*setting.options, setting.coordinates->given_box());
    for (const Spelled& option : deciding_options(options)) {
        if (option.name != "part") writer(option.bytes);
    }
    writer(setting.isa == Isa::sse2);
    return digest(writer.bytes());
}

Writer begin_state(const Setting& setting, StateOf of) {
    Writer writer;
    writer(std::span(of == StateOf::search ? magic : magic_of_done_part), format);
    write_problem(writer, *setting.coordinates);
    Options options = as_saved(*setting.options, setting.coordinates->given_box());
    visit_saved(options, [&](const Option& /*option*/, auto& value) { writer(value); });
    writer(digest(setting.options->handed), setting.isa);
    std::optional<Region> region = setting.box->region();
    writer(setting.is_region_known, region.has_value());
    if (region) writer(region->lower, region->upper);
    return writer;
}

std::string end_state(Writer writer) {
    writer(checksum(writer.bytes()));
    return writer.take();
}

OpenState open_state(std::string_view state) {
    std::uint32_t its_format = 0;
    const StateOf of = state.starts_with(magic_of_done_part) ? StateOf::done_part : StateOf::search;
    if (of == StateOf::search && !state.starts_with(magic))
        throw std::invalid_argument("this is no checkpoint of lanewise");
    Reader head(state.substr(magic.size()));
    head(its_format);
    if (its_format != format)
        throw std::invalid_argument(fmt::format(
            "the checkpoint has format {}; this version of lanewise reads {}", its_format, format));
    std::uint64_t sum = 0;
    constexpr std::size_t header = magic.size() + sizeof format;
    Reader::require(state.size() >= header + sizeof sum);
    const std::size_t body = state.size() - sizeof sum;
    Reader tail(state.substr(body));
    tail(sum);
    Reader::require(sum == checksum(state.substr(0, body)));

    Reader reader(state.substr(header, body - header));
    Box box = read_box(reader);
    std::optional<Formula> formula;
    bool has_formula = false;
    reader(has_formula);
    if (has_formula) {
        std::size_t parameters = 0;
        reader(formula.emplace().expression, parameters);
        for (; parameters > 0; --parameters) {
            std::string name;
            double value = 0;
            reader(name, value);
            Reader::require(formula->parameters.emplace(std::move(name), value).second, "param");
        }
        reader(formula->data);
    }
    Options options;
    visit_saved(options, [&](const Option& /*option*/, auto& value) { reader(value); });
    std::uint64_t handed = 0;
    Isa isa{};
    reader(handed, isa);
    std::optional<Region> region;
    bool is_region_known = false;
    bool has_region = false;
    reader(is_region_known, has_region);
    if (has_region) {
        region.emplace();
        reader(region->lower, region->upper);
    }
    OpenState open{
        .of = of,
        .search = {.formula = std::move(formula), .box = std::move(box), .options = std::move(options)},
        .handed = handed,
        .isa = isa,
        .is_region_known = is_region_known,
        .region = std::move(region),
        .rest = reader};
    require_rules(open);
    if (isa_available(isa)) open.search.options.isa = isa;
    return open;
}

void require_same_formula(const OpenState& open, const Objective& objective) {
    const std::optional<Formula>& saved = open.search.formula;
    const Formula* given = formula_of(objective);
    if (!saved || given == nullptr) {
        if (saved || given != nullptr)
            throw std::invalid_argument("objective: that of the saved search is another");
        return;
    }
    if (saved->expression != given->expression)
        throw std::invalid_argument(
            fmt::format("expression '{}': the saved search has '{}'", given->expression, saved->expression));
    if (saved->data != given->data)
        throw std::invalid_argument(fmt::format("data of {}: the saved search has others, of {}",
                                                given->data.empty() ? "no rows" : given->data,
                                                saved->data.empty() ? "no rows" : saved->data));
    const auto [ours, theirs] = std::ranges::mismatch(given->parameters, saved->parameters);
    if (ours != given->parameters.end())
        throw std::invalid_argument(
            fmt::format("param {}={}: the saved search has another", ours->first, ours->second));
    if (theirs != saved->parameters.end())
        throw std::invalid_argument(fmt::format("param {}: the saved search has {}={}", theirs->first,
                                                theirs->first, theirs->second));
}

void require_same(const OpenState& saved, const Setting& setting) {
    require_same_search(saved, setting);
    if (const std::size_t ours = setting.options->part, theirs = saved.search.options.part; ours != theirs)
        throw std::invalid_argument(fmt::format("part {}: the saved search has {}", ours, theirs));
    if (saved.handed != digest(setting.options->handed))
        throw std::invalid_argument("handed: the saved search was handed other minima");
}

void require_same_search(const OpenState& saved, const Setting& setting) {
    require_same_formula(saved, setting.coordinates->given_objective());
    require_same_box(saved.search.box, setting.coordinates->given_box());
    const std::vector<Spelled> theirs = deciding_options(saved.search.options);
    const std::vector<Spelled> ours =
        deciding_options(as_saved(*setting.options, setting.coordinates->given_box()));
    for (std::size_t i = 0; i < ours.size(); ++i) {
        if (ours[i].bytes == theirs[i].bytes || ours[i].name == "part") continue;
        throw std::invalid_argument(
            ours[i].text.empty()
                ? fmt::format("{}: the saved search has others", ours[i].name)
                : fmt::format("{} {}: the saved search has {}", ours[i].name, ours[i].text, theirs[i].text));
    }
    if ((saved.isa == Isa::sse2) != (setting.isa == Isa::sse2))
        throw std::invalid_argument(
            fmt::format("isa {}: the saved search ran on {}; only those with fused "
                        "multiply-add have the same bits",
                        isa_name(setting.isa), isa_name(saved.isa)));
}

}  // namespace lanewise
