// The spellings of enumerators: one table for each enumeration.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "kernels/isas.hpp"
#include "kernels/methods.hpp"
#include "lanewise/isa.hpp"
#include "lanewise/options.hpp"
#include "lanewise/precision.hpp"
#include "lanewise/profile.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

template <class E>
struct Spelling {
    E value;
    std::string_view name;
};

/// The table of an enumeration, in the order in which messages list it.
template <class E>
inline constexpr std::nullptr_t spellings = nullptr;

template <>
inline constexpr auto spellings<bool> = std::to_array<Spelling<bool>>({{true, "on"}, {false, "off"}});

template <>
inline constexpr auto spellings<Isa> = std::to_array<Spelling<Isa>>({
#define LANEWISE_SPELLING(name, condition) {Isa::name, #name},
    LANEWISE_ISAS(LANEWISE_SPELLING)
#undef LANEWISE_SPELLING
});

template <>
inline constexpr auto spellings<Method> = std::to_array<Spelling<Method>>({
#define LANEWISE_SPELLING(name, spelling, ...) {Method::name, spelling},
    LANEWISE_METHODS(LANEWISE_SPELLING)
#undef LANEWISE_SPELLING
        {Method::lbfgs, "lbfgs"},
});

template <>
inline constexpr auto spellings<Precision> = std::to_array<Spelling<Precision>>({{Precision::f64, "f64"},
                                                                                 {Precision::f32, "f32"}});

template <>
inline constexpr auto spellings<Design> = std::to_array<Spelling<Design>>({{Design::sobol, "sobol"},
                                                                           {Design::uniform, "uniform"},
                                                                           {Design::latin_hypercube, "lhs"}});

template <>
inline constexpr auto spellings<Schedule> = std::to_array<Spelling<Schedule>>(
    {{Schedule::constant, "constant"}, {Schedule::cosine, "cosine"}, {Schedule::exponential, "exponential"}});

template <>
inline constexpr auto spellings<Scale> = std::to_array<Spelling<Scale>>({{Scale::box, "box"},
                                                                         {Scale::none, "none"}});

template <>
inline constexpr auto spellings<Jit> =
    std::to_array<Spelling<Jit>>({{Jit::off, "off"}, {Jit::automatic, "auto"}, {Jit::on, "on"}});

template <>
inline constexpr auto spellings<Phase> = std::to_array<Spelling<Phase>>({{Phase::starts, "starts"},
                                                                         {Phase::offspring, "offspring"},
                                                                         {Phase::polish, "polish"}});

template <>
inline constexpr auto spellings<Activity> = std::to_array<Spelling<Activity>>({{Activity::start, "start"},
                                                                               {Activity::iterate, "iterate"},
                                                                               {Activity::look, "look"},
                                                                               {Activity::polish, "polish"},
                                                                               {Activity::decide, "decide"}});

template <>
inline constexpr auto spellings<SearchStatus> =
    std::to_array<Spelling<SearchStatus>>({{SearchStatus::completed, "completed"},
                                           {SearchStatus::target, "target"},
                                           {SearchStatus::max_time, "max-time"},
                                           {SearchStatus::max_evaluations, "max-evaluations"},
                                           {SearchStatus::interrupted, "interrupted"},
                                           {SearchStatus::settled, "settled"},
                                           {SearchStatus::out_of_memory, "out-of-memory"},
                                           {SearchStatus::parts_missing, "parts-missing"}});

template <>
inline constexpr auto spellings<RunStatus> =
    std::to_array<Spelling<RunStatus>>({{RunStatus::converged_gradient, "converged-gradient"},
                                        {RunStatus::converged_value, "converged-value"},
                                        {RunStatus::max_iterations, "max-iterations"},
                                        {RunStatus::pruned, "pruned"},
                                        {RunStatus::merged, "merged"},
                                        {RunStatus::nan_at_start, "nan-at-start"},
                                        {RunStatus::nan_on_the_way, "nan-on-the-way"},
                                        {RunStatus::stopped, "stopped"}});

/// Whether an enumerator has that value. The compiler writes one that none has as a cast.
template <auto value>
constexpr bool is_enumerator() {
    return std::string_view(__PRETTY_FUNCTION__).find("value = (") == std::string_view::npos;
}

/// Whether the table of E has all its enumerators, once each, and these are 0, 1, ... without a gap.
template <class E>
constexpr bool is_complete() {
    constexpr std::size_t more_than_any = 64;
    const auto agrees = [](std::size_t value, bool is_enumerator) {
        std::size_t times = 0;
        for (const auto& spelling : spellings<E>) times += spelling.value == static_cast<E>(value);
        return times == (is_enumerator ? 1 : 0) && is_enumerator == (value < spellings<E>.size());
    };
    return [&]<std::size_t... value>(std::index_sequence<value...>) {
        return (agrees(value, is_enumerator<static_cast<E>(value)>()) && ...);
    }
    (std::make_index_sequence<more_than_any>());
}

/// The table, if it is complete; a table of bool is.
template <class E>
constexpr const auto& complete_spellings() noexcept {
    static_assert(std::is_same_v<E, bool> || is_complete<E>(),
                  "an enumerator has no spelling, or none of its own");
    return spellings<E>;
}

/// The name of an enumerator; empty for a value that no enumerator has.
template <class E>
constexpr std::string_view spelling_of(E value) noexcept {
    for (const auto& [known, name] : complete_spellings<E>()) {
        if (known == value) return name;
    }
    return {};
}

/// The enumerator of that name; none where no enumerator has it.
template <class E>
constexpr std::optional<E> value_of(std::string_view text) noexcept {
    for (const auto& [value, name] : complete_spellings<E>()) {
        if (name == text) return value;
    }
    return {};
}

/// Whether the value is one of the enumerators.
template <class E>
constexpr bool is_known(E value) noexcept {
    return static_cast<std::size_t>(value) < complete_spellings<E>().size();
}

/// "on, off"
template <class E>
std::string all_spellings() {
    std::string all;
    for (const auto& [value, name] : complete_spellings<E>())
        all.append(all.empty() ? "" : ", ").append(name);
    return all;
}

}  // namespace lanewise
