#include "schedule.hpp"

#include <sleef.h>

#include <cmath>
#include <numbers>

namespace lanewise {

namespace {

double schedule_factor(Schedule schedule, std::size_t k, std::size_t iterations) {
    switch (schedule) {
        case Schedule::constant: return 1;
        case Schedule::cosine:
            return (1 + Sleef_cinz_cosd1_u10purec(std::numbers::pi * static_cast<double>(k) /
                                                  static_cast<double>(iterations))) /
                   2;
    }
    return 1;
}

}  // namespace

double step_size(const Options& options, std::size_t k) {
    return options.rule.alpha * schedule_factor(options.schedule, k, options.iterations);
}

template <class T>
kernels::Step<T> step_at(const Options& options, std::size_t k) {
    const Adam& rule = options.rule;
    const auto t = static_cast<double>(k + 1);
    const double first = 1 - Sleef_cinz_powd1_u10purec(rule.beta1, t);
    const double second = std::sqrt(1 - Sleef_cinz_powd1_u10purec(rule.beta2, t));
    const double alpha = step_size(options, k);
    return {static_cast<T>(alpha * second / first),
            static_cast<T>(rule.eps * second),
            static_cast<T>(rule.beta1),
            static_cast<T>(1 - rule.beta1),
            static_cast<T>(rule.beta2),
            static_cast<T>(1 - rule.beta2)};
}

template kernels::Step<double> step_at(const Options&, std::size_t);
template kernels::Step<float> step_at(const Options&, std::size_t);

}  // namespace lanewise
