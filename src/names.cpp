#include "names.hpp"

namespace lanewise {

static_assert(isas == spellings<Isa>.size());
static_assert(activities == spellings<Activity>.size());
static_assert(run_statuses == spellings<RunStatus>.size());

std::string_view isa_name(Isa isa) noexcept {
    return spelling_of(isa);
}

std::string_view name(Method method) noexcept {
    return spelling_of(method);
}

std::string_view name(Precision precision) noexcept {
    return spelling_of(precision);
}

std::string_view name(Design design) noexcept {
    return spelling_of(design);
}

std::string_view name(Schedule schedule) noexcept {
    return spelling_of(schedule);
}

std::string_view name(Scale scale) noexcept {
    return spelling_of(scale);
}

std::string_view name(Jit jit) noexcept {
    return spelling_of(jit);
}

std::string_view name(Phase phase) noexcept {
    return spelling_of(phase);
}

std::string_view name(Activity activity) noexcept {
    return spelling_of(activity);
}

std::string_view name(SearchStatus status) noexcept {
    return spelling_of(status);
}

std::string_view name(RunStatus status) noexcept {
    return spelling_of(status);
}

}  // namespace lanewise
