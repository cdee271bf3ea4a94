#include "course.hpp"

#include <sleef.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace lanewise {

namespace {

double power(double base, double exponent) {
    return Sleef_cinz_powd1_u10purec(base, exponent);
}

/// The fraction of alpha that step k takes.
double schedule_factor(const Course& course, std::size_t k) {
    if (k < course.warm_up) return static_cast<double>(k + 1) / static_cast<double>(course.warm_up);
    const auto done = static_cast<double>(k - course.warm_up);
    const auto all = static_cast<double>(course.iterations - course.warm_up);
    const double final_alpha = course.final_alpha;
    switch (course.schedule) {
        case Schedule::constant: break;
        case Schedule::cosine:
            return final_alpha +
                   (1 - final_alpha) * (1 + Sleef_cinz_cosd1_u10purec(std::numbers::pi * done / all)) / 2;
        case Schedule::exponential: return power(final_alpha, done / all);
    }
    return 1;
}

/// mu_t of NAdam.
double nadam_decay(double beta1, double t) {
    return beta1 * (1 - power(0.96, 0.004 * t) / 2);
}

/// mu_1 mu_2 ... mu_t, or 0 where it has become too small to tell from 0 in 1 - product: the first factors
/// are near 1/2 at most, whatever beta1.
double nadam_decay_product(double beta1, std::size_t t) {
    constexpr std::size_t most_factors = 64;
    if (t > most_factors) return 0;
    double product = 1;
    for (std::size_t i = 1; i <= t; ++i) product *= nadam_decay(beta1, static_cast<double>(i));
    return product;
}

}  // namespace

double step_size(const Course& course, std::size_t k) {
    return course.rule.alpha * schedule_factor(course, k);
}

kernels::Method kernel_method(Method method) noexcept {
    switch (method) {
#define LANEWISE_CASE(name, ...) \
    case Method::name: return kernels::name;
        LANEWISE_METHODS(LANEWISE_CASE)
#undef LANEWISE_CASE
        case Method::lbfgs: return kernels::gradient_descent;
    }
    __builtin_unreachable();
}

template <class T>
kernels::Step<T> step_at(const Course& course, std::size_t k, double sign) {
    const Rule& rule = course.rule;
    const auto t = static_cast<double>(k + 1);
    const double beta2 = rule.used_beta2();
    const double first_correction = 1 - power(rule.beta1, t);
    const double second_correction = std::sqrt(1 - power(beta2, t));
    const double first_factor = 1 - rule.beta1;
    const double second_factor = std::sqrt(1 - beta2);
    double alpha = step_size(course, k);
    double alpha_g = 0;
    double eps = rule.eps;
    switch (rule.method) {
        case Method::adam:
        case Method::amsgrad:
            alpha *= first_factor * second_correction / (second_factor * first_correction);
            eps *= second_correction / second_factor;
            break;
        case Method::adamax: alpha *= first_factor / first_correction; break;
        case Method::nadam: {
            const double decay = nadam_decay(rule.beta1, t);
            const double next_decay = nadam_decay(rule.beta1, t + 1);
            const double product = nadam_decay_product(rule.beta1, k + 1);
            const double of_root = alpha * second_correction / second_factor;
            alpha_g = of_root * (1 - decay) / (1 - product);
            alpha = of_root * first_factor * next_decay / (1 - product * next_decay);
            eps *= second_correction / second_factor;
            break;
        }
        case Method::rmsprop:
            alpha /= second_factor;
            eps /= second_factor;
            break;
        case Method::gradient_descent:
        case Method::momentum:
        case Method::adagrad:
        case Method::lbfgs: break;
    }
    const bool is_fraction = course.scale == Scale::box;
    return {.alpha = static_cast<T>(sign * alpha),
            .eps = is_fraction ? std::numeric_limits<T>::min() : static_cast<T>(eps),
            .eps_g = is_fraction ? static_cast<T>(eps) : T(0),
            .beta1 = static_cast<T>(rule.beta1),
            .beta2 = static_cast<T>(beta2),
            .alpha_g = static_cast<T>(sign * alpha_g)};
}

template <class T>
void Steps<T>::append(std::vector<kernels::Step<T>>& steps, const Course& course, std::size_t begin,
                      std::size_t end) const {
    for (std::size_t k = begin; k < end; ++k) steps.push_back(step_at<T>(course, k, sign_));
}

template <class T>
std::span<const kernels::Step<T>> Steps<T>::of(const Course& course, std::size_t first, std::size_t count) {
    of_stage_.clear();
    of_stage_.reserve(count);
    append(of_stage_, course, first, first + count);
    return of_stage_;
}

template <class T>
std::span<const kernels::Step<T>> Steps<T>::of_known(const Course& course, std::size_t first,
                                                     std::size_t count) {
    constexpr std::size_t most_iterations_kept = 10'000;
    if (course.iterations > most_iterations_kept) return of(course, first, count);
    auto known = std::ranges::find_if(known_, [&](const auto& of) { return of && of->course == course; });
    if (known == known_.end()) {
        std::swap(known_[0], known_[1]);
        known = known_.begin();
        known->emplace(Known{course, {}});
        (*known)->steps.reserve(course.iterations);
    }
    std::vector<kernels::Step<T>>& steps = (*known)->steps;
    append(steps, course, steps.size(), first + count);
    return std::span<const kernels::Step<T>>(steps).subspan(first, count);
}

template class Steps<double>;
template class Steps<float>;
template kernels::Step<double> step_at(const Course&, std::size_t, double);
template kernels::Step<float> step_at(const Course&, std::size_t, double);

}  // namespace lanewise
