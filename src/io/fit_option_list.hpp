// The options of fits, once.
#pragma once

#include "lanewise/fit.hpp"
#include "option_list.hpp"

namespace lanewise {

/// Calls `visit(option, field)` for all that is no function.
template <class Visit>
void visit_fit_options(FitOptions& options, Visit visit) {
    Rule& rule = options.rule;
    visit(Option{"starts"}, options.starts);
    visit(Option{"start"}, options.start_points);
    visit(Option{.name = "seed", .notation = Notation::large_count}, options.seed);
    visit(Option{"iterations"}, options.iterations);
    visit(Option{"rule"}, rule.method);
    visit(Option{"alpha"}, rule.alpha);
    visit(Option{"beta1"}, rule.beta1);
    visit(Option{"beta2"}, rule.beta2);
    visit(Option{"eps"}, rule.eps);
    visit(Option{"max-steps"}, options.most_steps);
    visit(Option{"tolerance"}, options.tolerance);
    visit(Option{"absolute-sigma"}, options.absolute_sigma);
    visit(Option{"precision"}, options.precision);
    visit(Option{"threads"}, options.threads);
    visit(Option{"isa"}, options.isa);
    visit(Option{"jit"}, options.jit);
    visit(Option{.name = "memory", .notation = Notation::bytes}, options.memory);
    visit(Option{"max-time"}, options.max_time);
    visit(Option{"every"}, options.checkpoint_every);
}

}  // namespace lanewise
