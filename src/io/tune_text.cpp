// Sweeps as text: what is varied, read; what came of it, written.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <type_traits>

#include "lanewise/io.hpp"
#include "lanewise/problem.hpp"
#include "names.hpp"
#include "near.hpp"
#include "tune_list.hpp"
#include "values.hpp"

namespace lanewise {

namespace {

using Text = std::string_view;

/// A value of an option. `text` is a part of `whole`, which errors show.
template <class T>
T parse_value(Text option, Text whole, Text text) {
    if constexpr (std::is_enum_v<T>) {
        const std::optional<T> value = value_of<T>(text);
        if (!value) refuse(option, text, fmt::format("must be one of: {}", all_spellings<T>()));
        return *value;
    } else if constexpr (std::is_integral_v<T>) {
        return parse_count(option, text);
    } else {
        return parse_constant(option, whole, text);
    }
}

template <class T>
Varied<T> parse_varied(Text name, Text text) {
    const std::string option = fmt::format("vary {}", name);
    if (trim(text).empty()) refuse(option, text, "must be a range LO:HI, or values V,V,...");
    const std::vector<Text> ends = split(text, ':');
    if (ends.size() == 2 && !std::is_enum_v<T>)
        return Between{parse_constant(option, text, ends[0]), parse_constant(option, text, ends[1])};
    Varied<T> varied;
    for (const Text value : split(text, ',')) varied.values.push_back(parse_value<T>(option, text, value));
    return varied;
}

/// Calls `visit(name, field)` for what is set beside what is varied.
template <class Visit>
void visit_numbers(TuneOptions& options, Visit visit) {
    visit("settings", options.settings);
    visit("grid", options.grid);
    visit("starts", options.starts);
    visit("tolerance", options.tolerance);
}

std::vector<Text> dial_names() {
    TuneOptions options;
    TuneSetting setting{};
    std::vector<Text> names;
    visit_dials(options, setting, [&](const Dial& dial, auto&, auto&) { names.push_back(dial.name); });
    return names;
}

bool set_dial(TuneOptions& options, Text name, Text text) {
    TuneSetting setting{};
    bool is_known = false;
    visit_dials(options, setting, [&]<class T>(const Dial& dial, Varied<T>& varied, auto&) {
        if (dial.name != name) return;
        is_known = true;
        varied = parse_varied<T>(name, text);
    });
    return is_known;
}

/// A value as a flag would have it.
template <class T>
std::string text_of(const T& value) {
    if constexpr (std::is_enum_v<T>) return std::string(spelling_of(value));
    if constexpr (std::is_integral_v<T>) return fmt::format("{}", value);
    if constexpr (std::is_floating_point_v<T>) return to_text(value);
}
template <class T>
std::string text_of(const std::optional<T>& value) {
    return value ? text_of(*value) : "";
}

/// A setting with the values that are used where nothing is set.
TuneSetting with_used(TuneSetting setting) {
    setting.rule.beta2 = setting.rule.used_beta2();
    setting.final_alpha = setting.in({}).used_final_alpha();
    return setting;
}

/// Name and text of what is varied, or of all that can be.
std::vector<std::pair<Text, std::string>> texts_of(const TuneSetting& setting, const TuneOptions& options,
                                                   bool all) {
    std::vector<std::pair<Text, std::string>> texts;
    visit_dials(options, setting, [&](const Dial& dial, const auto& varied, const auto& field) {
        if (all || is_varied(varied)) texts.emplace_back(dial.name, text_of(field));
    });
    return texts;
}

/// Columns of a table, aligned to the right.
class Rows {
  public:
    void add(std::vector<std::string> cells) {
        widths_.resize(std::max(widths_.size(), cells.size()));
        for (std::size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], cells[i].size());
        rows_.push_back(std::move(cells));
    }
    std::string text() const {
        std::string text;
        for (const std::vector<std::string>& cells : rows_) {
            for (std::size_t i = 0; i < cells.size(); ++i)
                text += fmt::format("  {:>{}}", cells[i], widths_[i]);
            text += "\n";
        }
        return text;
    }

  private:
    std::vector<std::size_t> widths_;
    std::vector<std::vector<std::string>> rows_;
};

std::string shortly(double number, int digits) {
    return std::isfinite(number) ? fmt::format("{:.{}g}", number, digits) : "-";
}

std::string or_empty(double number) {
    return std::isfinite(number) ? to_text(number) : "";
}

std::string point(const Box& box, const std::vector<double>& x) {
    std::string text;
    for (const Box::Place& place : box.variables()) {
        const auto begin = x.begin() + static_cast<std::ptrdiff_t>(place.offset);
        const std::vector<double> numbers(begin, begin + static_cast<std::ptrdiff_t>(place.size()));
        text += fmt::format("{}{} = {}{}{}", text.empty() ? "" : ", ", place.name, place.length ? "[" : "",
                            fmt::join(numbers, ", "), place.length ? "]" : "");
    }
    return text;
}

std::string plural(std::size_t count, Text noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::vector<std::string_view> tune_option_names() {
    TuneOptions options;
    std::vector<Text> names = dial_names();
    visit_numbers(options, [&](Text name, const auto&) { names.push_back(name); });
    return names;
}

void set_tune_option(Problem& problem, std::string_view name, std::string_view text) {
    bool is_known = set_dial(problem.tune, name, text);
    visit_numbers(problem.tune, [&]<class T>(Text known, T& field) {
        if (known != name) return;
        is_known = true;
        if constexpr (std::is_same_v<T, double>) {
            field = parse_number(name, text);
        } else {
            field = parse_count(name, text);
        }
    });
    if (!is_known) throw std::invalid_argument(unknown_option(name, tune_option_names()));
}

void set_varied(Problem& problem, std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == Text::npos) refuse("vary", text, "is not NAME=LO:HI or NAME=V,V,...");
    const Text name = trim(text.substr(0, equals));
    if (!set_dial(problem.tune, name, text.substr(equals + 1)))
        throw std::invalid_argument(fmt::format("vary: {}", unknown_option(name, dial_names())));
}

std::string to_flags(const TuneSetting& setting, const TuneOptions& tune_options) {
    std::string flags;
    for (const auto& [name, text] : texts_of(setting, tune_options, false)) {
        if (!text.empty()) flags += fmt::format("{}--{} {}", flags.empty() ? "" : " ", name, text);
    }
    return flags;
}

std::string to_table(const Tuning& tuning, const Box& box) {
    constexpr std::size_t most_shown = 10;
    std::string text;
    if (tuning.status != SearchStatus::completed) text += fmt::format("ended  {}\n", name(tuning.status));
    text += fmt::format("best   f = {}\n       {}\n", to_text(tuning.best_f), point(box, tuning.best_x));
    text += fmt::format("target {}\n", to_text(tuning.target));
    text += fmt::format("tuned  {} from {}\n", plural(tuning.settings.size(), "setting"),
                        plural(tuning.starts.size(), "start"));
    Rows rows;
    const std::size_t shown = std::min(tuning.settings.size(), most_shown);
    for (std::size_t i = 0; i < shown; ++i) {
        const Tuned& tuned = tuning.settings[i];
        std::vector<std::string> head;
        std::vector<std::string> cells;
        for (const auto& [name, value] : texts_of(with_used(tuned.setting), tuning.tune_options, false)) {
            head.emplace_back(name);
            cells.push_back(value);
        }
        if (i == 0) {
            for (const Text name : {"reached", "evaluations", "median", "least", "median f", "best f"})
                head.emplace_back(name);
            rows.add(head);
        }
        const double share = static_cast<double>(tuned.reached) / static_cast<double>(tuned.ends.size());
        cells.push_back(fmt::format("{:.0f} %", 100 * share));
        cells.push_back(shortly(tuned.expected_evaluations, 4));
        cells.push_back(shortly(tuned.median_iterations, 6));
        cells.push_back(shortly(tuned.least_iterations, 6));
        cells.push_back(shortly(tuned.median_f, 6));
        cells.push_back(shortly(tuned.best_f, 6));
        rows.add(cells);
    }
    text += rows.text();
    if (tuning.settings.size() > shown)
        text += fmt::format("  ... and {} more\n", tuning.settings.size() - shown);
    const double rate = tuning.seconds > 0 ? static_cast<double>(tuning.evaluations) / tuning.seconds : 0;
    text += fmt::format("time   {:.3g} s, {:.3g} M evaluations/s ({}{}, {})\n", tuning.seconds, rate / 1e6,
                        isa_name(tuning.isa), tuning.native ? ", machine code" : "",
                        plural(static_cast<std::size_t>(tuning.threads), "thread"));
    return text;
}

std::string to_csv(const Tuning& tuning) {
    std::string text = "number";
    for (const Text name : dial_names()) text += fmt::format(",{}", name);
    text +=
        ",runs,reached,expected_evaluations,median_iterations,least_iterations,median_f,best_f,evaluations\n";
    for (const Tuned& tuned : tuning.settings) {
        text += fmt::format("{}", tuned.number);
        for (const auto& [name, value] : texts_of(with_used(tuned.setting), tuning.tune_options, true))
            text += fmt::format(",{}", value);
        text += fmt::format(",{},{},{},{},{},{},{},{}\n", tuned.ends.size(), tuned.reached,
                            or_empty(tuned.expected_evaluations), or_empty(tuned.median_iterations),
                            or_empty(tuned.least_iterations), or_empty(tuned.median_f),
                            or_empty(tuned.best_f), tuned.evaluations);
    }
    return text;
}

}  // namespace lanewise
