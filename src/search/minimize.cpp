#include "lanewise/minimize.hpp"

#include <numeric>

#include "report.hpp"
#include "search.hpp"

namespace lanewise {

namespace {

template <class T>
Result minimize_in(const Objective& objective, const Box& box, const Options& options) {
    const Starts starts(box, options);
    const Engine engine = choose_engine(objective, options, starts.count());
    const SearchEnd<T> end = search<T>(objective, box, options, starts, engine);
    return report(objective, box, options, starts, engine, end);
}

}  // namespace

std::size_t Result::runs_started() const noexcept {
    return std::accumulate(runs.begin(), runs.end(), std::size_t{0});
}

Result minimize(const Objective& objective, const Box& box, const Options& options) {
    validate(objective, box, options);
    return options.precision == Precision::f64 ? minimize_in<double>(objective, box, options)
                                               : minimize_in<float>(objective, box, options);
}

}  // namespace lanewise
