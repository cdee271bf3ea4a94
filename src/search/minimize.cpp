#include "lanewise/minimize.hpp"

#include <numeric>

#include "report.hpp"
#include "search.hpp"

namespace lanewise {

std::size_t Result::runs_started() const noexcept {
    return std::accumulate(runs.begin(), runs.end(), std::size_t{0});
}

Result minimize(const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    const Setting setting(objective, box, options);
    return report(setting, search(setting));
}

}  // namespace lanewise
