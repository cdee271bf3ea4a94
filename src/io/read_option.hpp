// Values of options, read from text into their fields. Each throws std::invalid_argument naming option, text
// and what is allowed.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "lanewise/part.hpp"
#include "lanewise/problem.hpp"
#include "names.hpp"
#include "option_list.hpp"
#include "values.hpp"

namespace lanewise {

/// One of a few words.
template <class T>
concept Choice = std::is_enum_v<T> || std::is_same_v<T, bool>;

/// on and off, which have other words.
template <Choice T>
constexpr bool is_switch = value_of<T>("on").has_value();

template <class T>
constexpr bool is_file = std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>;

inline bool is_no(std::string_view text) {
    return text == "off" || text == "false" || text == "no";
}

template <Choice T>
void read(const Option& option, std::string_view text, T& field) {
    if (is_switch<T> && (text == "true" || text == "yes")) text = "on";
    if (is_switch<T> && is_no(text)) text = "off";
    const std::optional<T> value = value_of<T>(text);
    if (!value) refuse(option.name, text, fmt::format("must be one of: {}", all_spellings<T>()));
    field = *value;
}
inline void read(const Option& /*option*/, std::string_view text, Isa& field) {
    field = parse_isa(text);
}
inline void read(const Option& option, std::string_view text, Loss& field) {
    if (const std::optional<Loss> loss = find_loss(text)) {
        field = *loss;
        return;
    }
    std::string all;
    for (std::size_t i = 0; i < losses; ++i)
        all.append(all.empty() ? "" : ", ").append(name(static_cast<Loss>(i)));
    refuse(option.name, text, "must be one of: " + all);
}
inline void read(const Option& option, std::string_view text, double& field) {
    const bool is_off = option.notation == Notation::number_or_off && is_no(text);
    field = is_off ? 0 : parse_number(option.name, text);
}
inline void read(const Option& option, std::string_view text, std::uint64_t& field) {
    field = option.notation == Notation::bytes  ? parse_bytes(option.name, text)
            : option.notation == Notation::part ? parse_part(option.name, text).number
                                                : parse_count(option.name, text);
}
inline void read(const Option& option, std::string_view text, Part& field) {
    field = parse_part(option.name, text);
}
/// Threads; 0 would be OpenMP's choice.
inline void read(const Option& option, std::string_view text, int& field) {
    const std::uint64_t count = parse_count(option.name, text);
    if (count < 1 || count > 4096) refuse(option.name, text, "must be 1 to 4096");
    field = static_cast<int>(count);
}
/// Each time one more.
inline void read(const Option& option, std::string_view text, std::vector<std::vector<double>>& field) {
    field.push_back(parse_point(option.name, text));
}
template <class File>
requires is_file<File>
void read(const Option& option, std::string_view text, File& field) {
    if (text.empty())
        refuse(
            option.name, text,
            option.notation == Notation::formula ? "a formula or a name is expected" : "a file is expected");
    if (option.notation == Notation::not_stdout && text == "-") refuse(option.name, text, "must be a file");
    field = text;
}
template <class T>
void read(const Option& option, std::string_view text, std::optional<T>& field) {
    T value{};
    read(option, text, value);
    field = std::move(value);
}

}  // namespace lanewise
