// The options that a sweep can vary, once: name, how a range of it is covered, what varies it and the field
// of a setting.
#pragma once

#include <string_view>

#include "lanewise/tune.hpp"

namespace lanewise {

/// In what a range is covered evenly.
enum class Spread {
    number,
    logarithm,
    distance_to_1,  ///< its logarithm
};

struct Dial {
    std::string_view name;  ///< that of the option
    Spread spread = Spread::number;
};

/// Calls `visit(dial, varied, field)` for each, where `field` is a reference into the setting.
template <class SomeTuneOptions, class SomeSetting, class Visit>
void visit_dials(SomeTuneOptions& options, SomeSetting& setting, Visit visit) {
    visit(Dial{"rule"}, options.rule, setting.rule.method);
    visit(Dial{"alpha", Spread::logarithm}, options.alpha, setting.rule.alpha);
    visit(Dial{"beta1", Spread::distance_to_1}, options.beta1, setting.rule.beta1);
    visit(Dial{"beta2", Spread::distance_to_1}, options.beta2, setting.rule.beta2);
    visit(Dial{"eps", Spread::logarithm}, options.eps, setting.rule.eps);
    visit(Dial{"iterations", Spread::logarithm}, options.iterations, setting.iterations);
    visit(Dial{"schedule"}, options.schedule, setting.schedule);
    visit(Dial{"warm-up"}, options.warm_up, setting.warm_up);
    visit(Dial{"final-alpha"}, options.final_alpha, setting.final_alpha);
}

template <class T>
bool is_varied(const Varied<T>& varied) {
    return varied.range || !varied.values.empty();
}

}  // namespace lanewise
