// How options and statuses are spelled.
#include <array>

#include "lanewise/options.hpp"
#include "lanewise/result.hpp"

namespace lanewise {

std::string_view name(Design design) noexcept {
    constexpr std::array names = {"uniform", "sobol", "lhs"};
    return names[static_cast<std::size_t>(design)];
}

std::string_view name(Method method) noexcept {
    constexpr std::array names = {"adam",    "gradient-descent", "momentum", "adagrad",
                                  "rmsprop", "amsgrad",          "adamax",   "nadam"};
    return names[static_cast<std::size_t>(method)];
}

std::string_view name(Schedule schedule) noexcept {
    constexpr std::array names = {"constant", "cosine", "exponential"};
    return names[static_cast<std::size_t>(schedule)];
}

std::string_view name(Jit jit) noexcept {
    constexpr std::array names = {"off", "auto", "on"};
    return names[static_cast<std::size_t>(jit)];
}

std::string_view name(Scale scale) noexcept {
    return scale == Scale::box ? "box" : "none";
}

std::string_view name(Precision precision) noexcept {
    return precision == Precision::f64 ? "f64" : "f32";
}

std::string_view name(Phase phase) noexcept {
    constexpr std::array names = {"starts", "offspring", "polish"};
    return names[static_cast<std::size_t>(phase)];
}

std::string_view name(SearchStatus status) noexcept {
    constexpr std::array names = {"completed",   "target",  "max-time",     "max-evaluations",
                                  "interrupted", "covered", "out-of-memory"};
    return names[static_cast<std::size_t>(status)];
}

std::string_view name(RunStatus status) noexcept {
    constexpr std::array<const char*, run_statuses> names = {
        "converged-gradient", "converged-value", "max-iterations", "pruned", "merged",
        "nan-at-start",       "nan-on-the-way",  "stopped"};
    return names[static_cast<std::size_t>(status)];
}

}  // namespace lanewise
