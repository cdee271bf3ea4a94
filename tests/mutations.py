#!/usr/bin/env python3
"""Whether the tests notice when a rule is broken.

Each entry of MUTATIONS breaks one rule of DESIGN or of a public header by changing one place of the source. This
script makes the change, builds, runs the tests that most likely notice it and, where these pass, the whole suite on one
instruction set; then the file is as it was.

    tests/mutations.py                        all of them, which takes hours
    tests/mutations.py 3 12-20 'at the walls' those numbers, and those with that in their name
    tests/mutations.py --list                 names and numbers
    tests/mutations.py --check                only checks that the text of each is there, exactly once

A mutation that no test notices asks for a test of the rule; one that changes nothing that anyone can see is to be
replaced. The exit code is 0 when all were noticed, 1 when one was not, 2 when one does not build.
"""
import argparse
import html
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Mutation(NamedTuple):
    name: str  # the rule that is broken
    file: str
    text: str  # occurs exactly once in the file
    instead: str
    tests: str  # what most likely notices it: "io; a file is" for io_test.cpp and what begins with "a file is"


MUTATIONS = [Mutation(*entry) for entry in (
    # Courses: rules, bias correction, schedules.
    ("a warm-up begins with alpha / w", "src/engine/course.cpp",
     "return static_cast<double>(k + 1) / static_cast<double>(course.warm_up);",
     "return static_cast<double>(k) / static_cast<double>(course.warm_up);", "schedule"),
    ("after a warm-up the schedule takes the iterations that are left", "src/engine/course.cpp",
     "static_cast<double>(course.iterations - course.warm_up)", "static_cast<double>(course.iterations)", "schedule"),
    ("a cosine schedule falls to final alpha", "src/engine/course.cpp",
     "(1 - final_alpha) * (1 + Sleef", "(1 + Sleef", "schedule"),
    ("an exponential schedule is F^s", "src/engine/course.cpp",
     "return power(final_alpha, done / all);", "return power(final_alpha, (done + 1) / all);", "schedule"),
    ("v of Adam is corrected for its bias", "src/engine/course.cpp",
     "std::sqrt(1 - power(beta2, t))", "1", "rules"),
    ("m of Adamax is corrected for its bias", "src/engine/course.cpp",
     "alpha *= first_factor / first_correction; break;", "alpha *= first_factor; break;", "rules"),
    ("eps of Adam is added after the correction of bias", "src/engine/course.cpp",
     "alpha *= first_factor * second_correction / (second_factor * first_correction);\n"
     "            eps *= second_correction / second_factor;",
     "alpha *= first_factor * second_correction / (second_factor * first_correction);\n"
     "            eps /= second_factor;", "rules"),
    ("eps of rmsprop is that of its formula", "src/engine/course.cpp",
     "            eps /= second_factor;", "", "rules"),
    ("beta2 of rmsprop is 0.9 unless set", "src/engine/course.cpp",
     "rule.used_beta2()", "rule.beta2.value_or(0.999)", "rules"),
    ("the decay of NAdam is 1 - 0.96^(0.004 t) / 2", "src/engine/course.cpp",
     "power(0.96, 0.004 * t)", "power(0.96, 0.004 * (t - 1))", "rules"),
    ("a step size of 1 means the width of the box", "src/engine/swarm.cpp",
     "course.scale == Scale::box ? static_cast<T>(box.width(j)) : T(1)", "T(1)",
     "every rule follows the textbook in boxes"),

    # Engine: tiles, threads, limits.
    ("a wall in single precision is the box's own bound in the result", "src/engine/swarm.cpp",
     "if (x == bounds_[j]) return box_->lower()[j];", "", "in single precision points"),
    ("a run begins at the best of its candidates", "src/engine/crew.cpp",
     "swarm.go_to_best(tile);", "", "a run starts at the best"),
    ("moments move with their run", "src/engine/swarm.cpp",
     "take_rows(other.moments_, moments_, moment_rows_ * dimension_);", "", "the same bits for any"),
    ("the best iteration moves with its run", "src/engine/swarm.cpp",
     "best_iteration_[to] = other.best_iteration_[from];", "", "engine"),
    ("the best iteration is the one that moved the run there", "src/engine/swarm.cpp",
     "static_cast<std::int32_t>(rows.best_step[i]) - 1;", "static_cast<std::int32_t>(rows.best_step[i]);",
     "the best iteration is"),
    ("lanes of runs given up hold copies of one in use", "src/engine/local_engine.cpp",
     "for (std::size_t tile = 0; tile < swarm.tiles(); ++tile) swarm.fill_unused(tile);", "", "throwing"),
    ("padding lanes hold copies of one in use", "src/engine/crew.cpp",
     "    swarm.fill_unused(tile);\n    const auto is_halted", "    const auto is_halted", "throwing"),
    ("an objective's exception reaches the caller", "src/engine/evaluator.hpp",
     "halt->keep_thrown_by_caller(std::current_exception());", "", "throwing"),
    ("an objective for the calling thread is called there alone", "src/engine/setup.cpp",
     "the_objective.calls() == Calls::from_the_caller ? 1 : available_threads(options.threads)",
     "available_threads(options.threads)", "throwing"),
    ("an objective for the calling thread has live runs only", "src/engine/local_engine.cpp",
     "const bool close = setup_->objective->calls() == Calls::from_the_caller;", "const bool close = false;",
     "an objective for the calling thread is called with"),
    ("no more threads than asked", "src/engine/threads.cpp",
     "asked > 0 ? asked : omp_get_max_threads()", "omp_get_max_threads()", "an enclosing parallel; a profile"),
    ("a forked process has one thread", "src/engine/threads.cpp",
     "if (threads_are_lost) return 1;", "", "a search in a process"),
    ("subnormals are 0 in single precision", "src/engine/crew.cpp",
     "const SubnormalsAsZero<T> scope;", "", "single precision takes"),
    ("subnormals are numbers again after a search", "src/engine/subnormals.hpp",
     "set(before_);", "set(before_ | as_zero);", "single precision takes"),
    ("a search whose time is up says so", "src/engine/halt.hpp",
     "reason_ = SearchStatus::max_time;", "reason_ = SearchStatus::interrupted;", "limits end a search"),
    ("evaluations are counted, with the last of each stage", "src/engine/crew.cpp",
     "halt_->requested() ? alive_before - alive() : alive_before;", "alive_before - alive();", "evaluations are counted"),
    ("lanes without a run are not occupied", "src/engine/crew.cpp",
     "workspace.work.lane_iterations += (done - begun) * rows.lanes;",
     "workspace.work.lane_iterations += (done - begun) * swarm.lanes_in(tile);", "evaluations are counted"),

    # Polish.
    ("a polish keeps the best point", "kernels/lbfgs.ipp",
     "const Lanes improved = valid & ((f < best_f) | (is(waiting) & (f == best_f)));",
     "const Lanes improved = valid & (best_f > f + number(1));", "a polish comes to"),
    ("of equal values L-BFGS keeps the last", "kernels/lbfgs.ipp",
     "const Lanes improved = valid & ((f < best_f) | (is(waiting) & (f == best_f)));",
     "const Lanes improved = valid & (f < best_f);", "lbfgs: each lane"),
    ("L-BFGS has converged after two short steps", "kernels/lbfgs.ipp",
     "constexpr double enough_short_steps = 2;", "constexpr double enough_short_steps = 1;", "lbfgs: each lane"),
    ("a probe shows that a minimum is near", "kernels/lbfgs.ipp",
     "if (xsimd::any(probed)) note_nearness(probed, finite);", "", "pruning spares"),
    ("second derivatives are the same in any units", "src/engine/second_order.cpp",
     "f_scale_ = power_of_two(curvature_.cwiseAbs().maxCoeff());", "f_scale_ = 1;", "a search is the same"),
    ("gradient sampling turns along an edge", "src/engine/gradient_sampling.cpp",
     "if (!(outward > 0)) return all;", "if (outward >= 0) return all;", "a polish follows"),
    ("gradient sampling follows a kink", "src/engine/gradient_sampling.cpp",
     "const std::vector<double> along = down(shortest_of_hull(gradients));",
     "const std::vector<double> along = down(gradients.col(0));", "a polish follows"),
    ("gradient sampling spends no more than it may", "src/engine/gradient_sampling.cpp",
     "1 + samples(unit_.size()) * (1 + halvings)", "1 + samples(unit_.size())", "a polish spends"),
    ("a gradient that jumps to both sides is rough", "src/engine/second_order.cpp",
     "if (!(rise <= most_rise * expected + noise * std::abs(here.f()))) return true;", "", "a polish follows"),
    ("the best point of a run that broke is polished", "src/search/search.cpp",
     "if ((best.of != EndOf::run && !is_cut) || !std::isfinite(best.f)) return starts;", "return starts;",
     "a polish follows"),
    ("the upper bound of a log scale is kept", "src/objective/coordinates.cpp",
     "x[j] = x[j] == box_->upper()[j] ? upper : inside(exp_over(x[j], lower), lower, upper);",
     "x[j] = inside(exp_over(x[j], lower), lower, upper);", "the bounds of a log"),
    ("half of the starts of a wide box are in the logarithm", "src/search/starts.cpp",
     "const bool in_logarithm = (index + index / sample_every) % 2 == 1;", "const bool in_logarithm = false;",
     "starts on a log scale"),
    ("a polish ends at the target", "kernels/lbfgs.ipp",
     "enter(turning & (number_of(LbfgsRow::best_f) <= number(tile_.target)), at_target);", "",
     "a polish spends no more"),
    ("a polish spends no more than it may in a line search", "kernels/lbfgs.ipp",
     "enter(under_way() & is_spent, out_of_work);", "",
     "a polish spends no more"),
    ("a polish leaves saddles", "src/engine/polish.cpp",
     "go_on[first + i] = leads_on && point.evaluations > 0 ? 1 : 0;", "go_on[first + i] = 0;", "a saddle is left"),
    ("a polish goes on to the last digits", "src/engine/second_order.cpp",
     "descent.adrift == 0 && best.is_flatter(there)", "false", "a polish goes on where"),
    ("a limit does not split groups of runs that go on", "src/search/search.cpp",
     "converge_group_ -= go_on(converge_group_,", "converge_group_ = 0 * go_on(converge_group_,",
     "a limit that is not met"),
    ("runs go on until they converge", "src/search/search.cpp",
     "next_ = runs_converge(*options_) ? Next::converge : Next::after_wave;", "next_ = Next::after_wave;",
     "what is called a minimum"),
    ("what has not converged is no minimum", "src/search/findings.cpp",
     "if (converge) leave_out_unfinished(clusters, findings);", "", "a run that was cut off"),
    ("a run of a sweep ends with its course", "src/engine/crew.cpp",
     "return std::min(iterations, all - std::min(iteration, all));", "return iterations;", "tune"),
    ("a thread takes the steps of the tile's own course", "src/engine/crew.cpp",
     "if (squads.size() > 1 && of_thread.squad != &squad) {",
     "if (squads.size() > 1 && of_thread.squad == nullptr) {", "tune"),
    ("a run of a sweep converges where it would alone", "src/search/lone_runs.cpp",
     "if (done == 0 || done % deciding_stage != 0) {", "if (done == 0) {", "tune"),
    ("a run that broke is ended at once", "src/search/lone_runs.cpp",
     "if (look_.goes_on(i) && !is_over(look_.run[i], done))", "if (!is_over(look_.run[i], done))", "tune"),
    ("a sweep sees a run reach the target soon after it did", "src/search/lone_runs.cpp",
     "std::bit_floor(done / 8)", "std::bit_floor(done)", "tune"),
    ("a run that came to the target counts what it took until then", "src/search/tune.cpp",
     "iterations ? *iterations + 1 : end.evaluations", "end.evaluations", "tune"),
    ("a range of alpha is even in the logarithm", "src/tune_list.hpp",
     'Dial{"alpha", Spread::logarithm}', 'Dial{"alpha"}', "tune"),
    ("iterations draw the rows of their number", "src/engine/crew.cpp",
     "evaluators_[thread].iteration = iteration + begun;", "evaluators_[thread].iteration = begun;",
     "runs of a sweep draw the rows"),
    ("a batch shares its evaluations out", "src/search/minimize_batch.cpp",
     "*options.max_evaluations / std::max<std::size_t>(starts.size(), 1)", "*options.max_evaluations",
     "the limits of a batch"),
    ("a polish goes up when maximising", "src/engine/lbfgs_lanes.cpp",
     "tile_.sign = setup.sign;", "tile_.sign = 1;", "a polish is never worse"),
    ("second derivatives are looked at in the box", "src/engine/second_order.cpp",
     "double in_box(std::size_t j, double x) const { return inside(x, box_->lower()[j], box_->upper()[j]); }",
     "double in_box(std::size_t /*j*/, double x) const { return x; }", "a polish asks for no point"),

    # Search: what is decided of runs.
    ("of equal values the smaller start id wins", "src/search/findings.hpp",
     "other_id < id", "other_id > id", "decisions"),
    ("of equal values a polished point comes before a run's", "src/search/findings.hpp",
     "other_of < of", "other_of > of", "the best run is that"),
    ("a run whose projected gradient is small has converged", "src/search/decisions.cpp",
     "constexpr double flat = 1e-10;", "constexpr double flat = 1e-6;", "decisions"),
    ("a run has converged by its value at the third look", "src/search/decisions.cpp",
     "} else if (looks_unchanged == enough_looks) {", "} else if (looks_unchanged + 1 == enough_looks) {", "decisions"),
    ("a run into which one of the sample is merged counts as one", "src/search/decisions.cpp",
     "history.is_sample[history.index(look.run[founder.index])] |=",
     "history.is_sample[history.index(look.run[founder.index])] &=", "decisions"),
    ("the best of a neighbourhood is not pruned", "src/search/decisions.cpp",
     "if (run == leader) continue;", "", "a neighbourhood is pruned"),
    ("a run of the sample is not pruned", "src/search/decisions.cpp",
     "if (history.is_sample[history.index(run)] == 0) {", "if (true) {", "a neighbourhood is pruned"),
    ("the best run ends at its best point", "src/search/decisions.cpp",
     "if (findings.runs.id[of_run.run] != findings.best.id) continue;", "if (true) continue;",
     "the best run of all ends"),
    ("a run that the search ends between looks ends at its best point", "src/search/wave.cpp",
     "looked_at ? Where::current : Where::best", "Where::current", "a run that stop ends"),
    ("prune is an option", "src/search/wave.cpp",
     "if (is_late && setting_->options->prune) {", "if (is_late) {", "pruning spares the best"),

    # Search: starts, offspring, limits.
    ("every eighth drawn start is of the sample", "src/search/starts.hpp",
     "sample_every = 8;", "sample_every = 16;", "every eighth drawn start"),
    ("a start of the sample is not the best of several", "src/search/starts.cpp",
     "is_drawn(start_id) && !is_sample(start_id);", "is_drawn(start_id);", "every eighth drawn start"),
    ("a start of the sample is uniform", "src/search/starts.cpp",
     "sample_.point(first_sample_point + index, x);",
     "std::visit([&](const auto& design) { design.point(first_sample_point + index, x); }, drawn_);",
     "every eighth drawn start"),
    ("all drawn starts are the sample only where none is pruned", "src/search/starts.cpp",
     "explore_(options.explore),\n      all_are_sample_(options.explore == 1 && !options.prune &&",
     "explore_(options.explore),\n      all_are_sample_(options.explore == 1 &&", "every eighth drawn start"),
    ("starts given by hand come first", "src/search/starts.cpp",
     "const std::uint64_t index = start_id - given();", "const std::uint64_t index = start_id;", "starts"),
    ("in many dimensions the design is uniform", "src/search/design.cpp",
     "asked.value_or(too_many ? Design::uniform : Design::sobol)", "asked.value_or(Design::sobol)", "starts; design"),
    ("there are at most twice as many offspring as starts drawn", "src/search/search.cpp",
     "std::min(most_offspring * setting_", "std::min((most_offspring + 1) * setting_",
     "offspring find what; a search resumed from any"),
    ("there are no more offspring when they find nothing better", "src/search/search.cpp",
     "? 0 : barren_ + 1;", "? 0 : 0;", "a while of offspring"),
    ("offspring start in the box", "src/search/offspring.cpp",
     "reflect(x[j] + pick(factors, unit[factor]) * (b[j] - c[j]), box.lower()[j], box.upper()[j]);",
     "x[j] + pick(factors, unit[factor]) * (b[j] - c[j]);", "offspring are combined"),
    ("offspring descend from the run that is changed", "src/search/offspring.cpp",
     ".line = a.line}", ".line = parents_.back().line}", "offspring are combined"),
    ("a wave of starts counts what it takes to choose them", "src/search/budget.hpp",
     "(cost += starts.evaluations(first_id + runs) + 1)", "(cost += 1)", "a search has a result"),
    ("a stage leaves an evaluation for the look", "src/search/budget.hpp",
     "std::min<std::uint64_t>(wanted, each - 1)", "std::min<std::uint64_t>(wanted, each)", "a search has a result"),
    ("a region begins where growth ends, not where rounding hides it", "src/search/region.cpp",
     "if (std::abs(fall) <= noise * std::abs(before)) return Step::hidden;", "", "where a landscape does not lead inwards"),
    ("the landscape leads inwards only from far out", "src/search/region.cpp",
     "constexpr int far_out = 10;", "constexpr int far_out = 2;", "where a landscape does not lead inwards"),
    ("each variable has its own region", "src/search/region.cpp",
     "for (const std::size_t j : part) ends[j] = of_part;", "for (const std::size_t j : part) ends[j] = of_all;",
     "each variable has the region that it needs"),
    ("a region contains where L-BFGS leads", "src/search/region.cpp",
     "if (looking.may_go_on() && is_narrower()) widen(halvings, looking, inwards);", "",
     "a region contains where the landscape leads"),
    ("looking for a region takes a share of the evaluations", "src/search/region.cpp",
     "|| evaluations_ + count > most_", "", "a region is looked for within the limits"),
    ("a region is part of a saved search", "src/search/search_job.cpp",
     "    require_same(saved, setting_);\n    setting_.narrow(saved.region, 0, saved.is_region_known);", "    require_same(saved, setting_);",
     "a search that is resumed goes on in the region"),
    ("seven of eight starts are in the region", "src/search/starts.cpp",
     "is_anywhere ? box_->lower()[j] : box_->region_lower(j)", "box_->lower()[j]", "most starts are drawn"),
    ("a minimum by itself is no continuum", "src/search/continuum.cpp",
     "constexpr double least_stay = 0.5;", "constexpr double least_stay = 0;", "minima that are as low as each other"),
    ("a continuum has no gaps", "src/search/continuum.cpp",
     "if (!is_level(pair, ends[i]) || most > most_beside) pair.is_refused = true;", "", "a continuum of minima"),
    ("clusters that are joined are one minimum", "src/search/findings.cpp",
     "better[second] = first;", "", "a continuum of minima"),
    ("a corner where the slope is 0 is felt across", "src/engine/second_order.cpp",
     "if (here.is_in_corner()) here.leave_walls(add_trial(descent, here.x()));", "", "a corner where the slope is 0"),
    ("a polish takes no more evaluations than are left", "src/search/search.cpp",
     "const std::uint64_t most = std::min(wanted, all);", "const std::uint64_t most = all == 0 ? 0 : wanted;",
     "a limit that changes a search"),
    ("a target is one of the objective's values, also when maximising", "src/engine/setup.cpp",
     "options.target ? sign * *options.target", "options.target ? *options.target", "limits end a search"),
    ("a search is settled when the best is found often enough", "src/search/coverage.cpp",
     "std::max(1 / ((1 + hits) * (1 + hits)),", "std::max(1 / ((1 + hits) * (1 + hits) * (1 + hits)),",
     "a search ends when it is settled"),
    ("few starts settle nothing", "src/search/coverage.cpp", "few_starts = 24", "few_starts = 0", "a search ends when it is settled"),
    ("hits of all minima as low as the best count", "src/search/coverage.cpp",
     "const double as_low = findings.best.f + difference_that_counts(findings, clusters);",
     "const double as_low = findings.best.f;", "a search ends when it is settled"),
    ("a search that asks for starts runs them all", "include/lanewise/options.hpp",
     "!starts && start_points.empty() ? usual : 0", "usual", "a search ends when it is settled"),
    ("what a limit changed is in no state", "src/search/search.cpp",
     "if (!options_->checkpoint || has_fallen_short_) return;", "if (!options_->checkpoint) return;",
     "limits leave a state"),
    ("a state is handed over when the search ends", "src/search/search.cpp",
     "if (options_->part == 0 || next_ != Next::nothing) save();", "", "a search resumed from any"),
    ("work goes on where a search does", "src/search/search.cpp",
     "return sum += earlier_work_;", "return sum;", "work and seconds go on"),
    ("progress tells the objective's own value", "src/search/search.cpp",
     ".best_f = setting_->sign * findings_.best.f,", ".best_f = findings_.best.f,", "progress tells values"),
    ("values of single precision are taken again in double", "src/search/wave.cpp",
     "findings_->evaluate_in_double(*engine_, first());", "return;", "a wall that single precision"),

    ("a path takes no more iterations than asked for", "src/search/paths.cpp",
     "std::min(iterations, options.iterations)", "options.iterations", "a path ends where; a path is that"),
    ("the best 1000 minima are polished, however many are listed", "src/search/search.cpp",
     "to_polish_ = unpolished(clusters, most_last_polished);",
     "to_polish_ = unpolished(clusters, options_->most_minima);", "how many minima"),

    # Search: minima, coverage, result.
    ("ends are one minimum only where near in distance", "src/search/cluster.cpp",
     "if (apart <= 1) look(Near{apart, members_[i].end});", "look(Near{apart, members_[i].end});", "ends join"),
    ("ends are one minimum only in one basin", "src/search/cluster.cpp",
     "if (are_in_one[i] != 0) {", "if (i < are_in_one.size()) {", "ends join; near minima"),
    ("an end that one basin refused asks another", "src/search/cluster.cpp",
     "if (round == most_asked) break;", "if (round == 1) break;", "ends join"),
    ("an end asks the nearest first", "src/search/cluster.cpp",
     "nearest = std::min(nearest, near);", "nearest = std::max(nearest.end == none ? near : nearest, near);", "ends join"),
    ("where a polish began belongs to the minimum it led to", "src/search/cluster.cpp",
     "joined_[end] = of_polish[what.index];", "joined_[end] = none;", "ends join"),
    ("a basin ends at a hump", "src/search/basins.cpp",
     "!(has_hump_ && (!is_close_", "!(false && (!is_close_", "near minima"),
    ("runs merge within one region", "src/search/basins.cpp",
     "same_region = 0.5;", "same_region = 1e9;", "an answer does not depend"),
    ("what is listed in the end is polished", "src/search/findings.cpp",
     "const bool may_be_unpolished = !all_are_polished || kept >= most_last_polished;",
     "const bool may_be_unpolished = kept >= 0;", "an answer does not depend"),
    ("unseen_probability is (f1 + 1) / (N + 1)", "src/search/coverage.cpp",
     "static_cast<double>(found_once + 1)", "static_cast<double>(found_once)", "the chance of an unseen; coverage is about"),
    ("most runs have to come to a minimum", "src/search/coverage.cpp",
     "2 * ended >= drawn", "ended >= 0", "coverage counts runs"),
    ("runs that were given up are not asked for unseen minima", "src/search/outcome.cpp",
     "is_drawn(runs().id[run]) && runs().status[run] != RunStatus::pruned;", "is_drawn(runs().id[run]);", "coverage counts runs"),
    ("a merged run has the end of what it was merged into", "src/search/coverage.cpp",
     "runs.status[static_cast<std::size_t>(at)] == RunStatus::merged)",
     "runs.status[static_cast<std::size_t>(at)] == RunStatus::stopped)", "coverage counts runs"),
    ("a run spared is compared with what its leader was given up for", "src/search/outcome.cpp",
     "if (f_of(leader) - f_of(run) > difference * range)", "if (f_of(run) - f_of(leader) > difference * range)",
     "the audit compares"),
    ("a regret is what the best spared run is better than all others", "src/search/report.cpp",
     "audit.regret = found.best_other - found.best_spared;", "audit.regret = 0;", "the audit compares"),
    ("at_bound is -1 at the lower bound", "src/search/report.cpp",
     "at_lower ? -1 : static_cast<int>(at_upper)", "at_lower ? 1 : -static_cast<int>(at_upper)", "a minimum at a wall"),
    ("gradient_norm is that of the projected gradient", "src/search/report.cpp",
     "if (held) gradient[j] = 0;", "", "a minimum at a wall"),
    ("the gradient is projected upwards when maximising", "src/engine/local_engine.cpp",
     "0 : setup_->sign * g;", "0 : g;", "a minimum at a wall"),
    ("starts whose turn did not come are stopped", "src/search/report.cpp",
     "outcome_.starts - begun;", "0;", "starts whose turn"),
    ("offspring are not among the starts that are counted", "src/search/outcome.cpp",
     "if (runs().is_offspring(run)) continue;", "", "known minima are found"),

    # Saved searches.
    ("a damaged state is refused", "src/search/state.cpp",
     "Reader::require(sum == checksum(state.substr(0, body)));", "", "a damaged state"),
    ("a state of another format is refused", "src/search/state.cpp",
     "if (its_format != format)", "if (its_format > format)", "a damaged state"),
    ("a state of another box is refused", "src/search/state.cpp",
     "require_same_box(saved.search.box, setting.coordinates->given_box());", "", "a search is resumed as"),
    ("a state of another formula is refused", "src/search/state.cpp",
     "if (saved->expression != given->expression)", "if (saved->expression.size() != given->expression.size())",
     "a search is resumed as"),
    ("a state with other parameters is refused", "src/search/state.cpp",
     "if (ours != given->parameters.end())", "if (false)", "a search is resumed as"),
    ("a state of an instruction set with other bits is refused", "src/search/state.cpp",
     "if ((saved.isa == Isa::sse2) != (setting.isa == Isa::sse2))", "if (false)", "a search is resumed as"),
    ("a state of other starts given by hand is refused", "src/search/state.cpp",
     "if (ours[i].bytes == theirs[i].bytes ||", "if (ours[i].text == theirs[i].text ||",
     "a search is resumed as"),
    ("a state of another warm-up is refused", "src/option_list.hpp",
     '"warm_up", Saved::deciding', '"warm_up", Saved::told', "options; a search is resumed as"),
    ("what was not set is the same as what that comes to", "src/option_list.cpp",
     "options.rule.beta2 = options.rule.used_beta2();", "", "a search is resumed as"),

    # Parts.
    ("a part has starts of its own", "src/search/search.cpp",
     ".first_id = to_run.first + begun_", ".first_id = begun_", "what is merged counts every start once"),
    ("offspring of parts have ids of their own", "src/search/starts.hpp",
     "count() + most_offspring * to_run().first", "count()", "offspring of different parts"),
    ("parts are merged in the order of their numbers", "src/search/merge.cpp",
     "return one.state.search.options.part; }", "return one.name; }", "a merge refuses"),
    ("hits of all parts are added up", "src/search/merge.cpp",
     "hits_[cluster] += minima.hits[source.minimum];", "hits_[cluster] = minima.hits[source.minimum];", "what is merged counts"),
    ("a continuum is what its points are joined to", "src/search/merge.cpp",
     "add_known_joints(joints);", "", "minima of different parts are one"),
    ("all parts look for the region with the same budget", "src/search/region.cpp",
     "(options.part > 0 ? options.parts : 1)", "1", "parts have one region"),
    ("two states of one part are refused", "src/search/merge.cpp",
     "if (parts_[i].number == parts_[i - 1].number)", "if (false)", "a merge refuses"),
    ("a part that was handed something else is refused", "src/search/merge.cpp",
     "if (parts_[i].handed_of != handed_of)", "if (false)", "a merge refuses"),
    ("continua of parts are joined", "src/search/merge.cpp",
     "join(clusters_, joints, polished.size());", "", "minima of different parts are one"),
    ("what is handed makes offspring", "src/search/handed.cpp",
     "setting.parents = std::move(handed.parents);", "", "parts of later rounds make offspring"),
    ("a sample of the tail stands for all of it", "src/search/merge.cpp",
     "return whole + (of_tail << tail_halvings_);", "return whole + of_tail;", "counts of a tail"),

    # Input that is refused.
    ("beta2 is below 1", "src/search/validate.cpp", "!(beta2 >= 0 && beta2 < 1)", "!(beta2 >= 0 && beta2 <= 1)",
     "options are checked before"),
    ("a warm-up takes at most all iterations", "src/search/validate.cpp",
     "if (options.warm_up > options.iterations)", "if (options.warm_up > options.iterations + 1)", "schedule; search"),
    ("an exponential schedule cannot fall to 0", "src/search/validate.cpp",
     "options.final_alpha == 0.0)", "options.final_alpha == -1.0)", "schedule"),
    ("max-time is above 0", "src/search/validate.cpp", "!(*options.max_time > 0)", "!(*options.max_time >= 0)",
     "options are checked before"),
    ("starts given by hand are in the box", "src/search/validate.cpp",
     "point[j] <= box.upper()[j] && std", "point[j] <= box.upper()[j] + 1e-9 && std", "options are checked before"),
    ("eps is a normal number in single precision", "src/search/validate.cpp",
     "if (rule.eps < std::numeric_limits<float>::min())", "if (rule.eps < std::numeric_limits<float>::denorm_min())",
     "in single precision points"),
    ("the objective has the box's dimension", "src/search/validate.cpp",
     "if (objective.dimension() != box.dimension())", "if (objective.dimension() < box.dimension())",
     "options are checked before"),
    ("the distance of bounds does not overflow", "src/box.cpp", "if (std::isfinite(lower) && std::isfinite(upper) && !std::isfinite(upper - lower))", "if (false)",
     "boxes are checked"),

    # Objectives.
    ("differences ask for no point outside the box", "src/objective/callback.cpp",
     "if (x - h < axis.lower) return {x + h, x + 2 * h};", "", "callback"),
    ("at the edge of a domain the other side gives the slope", "src/objective/callback.cpp",
     "if (!std::isfinite(f_a)) return slope_b;", "", "callback"),
    ("a difference reaches at least 1/100 of step times the width", "src/objective/callback.cpp",
     "least_width_share = 0.01;", "least_width_share = 0.001;", "a shift is relative"),
    ("fixed variables cost no differences", "src/objective/callback.cpp",
     "            std::ranges::fill(g, 0.0);\n            continue;", "            std::ranges::fill(g, 0.0);",
     "callback"),
    ("evaluate refuses a point of another dimension", "src/objective/objective.cpp",
     "if (x.size() != objective.dimension())", "if (x.size() < objective.dimension())", "a point that an objective"),
    ("a gradient is not wrong where smaller steps see it", "src/objective/check_gradient.cpp",
     "(may_be_coarse(comparison) || supported_below(k) ||", "(may_be_coarse(comparison) ||", "check_gradient"),
    ("a gradient is not wrong where it turns over smaller steps", "src/objective/check_gradient.cpp",
     "|| turns_below(k)", "", "check_gradient"),
    ("a gradient that is NaN is wrong where there are differences", "src/objective/check_gradient.cpp",
     "std::isnan(gradient_) ||", "", "a gradient that is NaN"),
    ("a gradient is checked a 16th of the width away from the walls", "src/objective/check_gradient.cpp",
     "constexpr double margin = 0x1p-4;", "constexpr double margin = 0x1p-5;", "check_gradient"),
    ("a check passes only where something is finite", "src/objective/check_gradient.cpp",
     "check_.wrong.empty() && check_.points_not_finite < check_.points;", "check_.wrong.empty();", "check_gradient"),

    # Programs.
    ("sqrt has the derivative 0 at 0", "src/program/differentiate.cpp",
     "add(a, where(id, g.div(times(number(0.5)), id)), is_number);",
     "add(a, g.div(times(number(0.5)), id), is_number);",
     "gradient; program"),
    ("min has the first argument's derivative at a tie", "src/program/differentiate.cpp",
     "g.apply(Opcode::le, a, b), a, b); break;", "g.apply(Opcode::lt, a, b), a, b); break;", "gradient; program"),
    ("max has the first argument's derivative at a tie", "src/program/differentiate.cpp",
     "g.apply(Opcode::le, b, a), a, b); break;", "g.apply(Opcode::lt, b, a), a, b); break;", "gradient; program"),
    ("clamp has the derivative of x at its bounds", "src/program/composed.hpp",
     "make.apply(Opcode::max, x, lower)", "make.apply(Opcode::max, lower, x)", "gradient; program"),
    ("hypot has the derivative 0 at (0, 0)", "src/program/differentiate.cpp",
     "add(b, where(id, g.mul(adjoint, g.div(b, id))), is_finite);", "add(b, g.mul(adjoint, g.div(b, id)), is_finite);",
     "gradient; program"),
    ("x^p has the derivative 1 by x at 0 for p = 1", "src/program/differentiate.cpp",
     "g.select(g.apply(Opcode::eq, b, g.constant(1)), adjoint, zero)", "zero", "gradient; program"),
    ("x^p has the derivative 0 by p where x <= 0", "src/program/differentiate.cpp",
     "where(g.apply(Opcode::lt, zero, a), g.mul(scaled, g.apply(Opcode::log, a)))",
     "g.mul(scaled, g.apply(Opcode::log, a))", "gradient; program"),
    ("asin has the derivative 0 at -1 and 1", "src/program/differentiate.cpp",
     "add_over(a, half_chord(a)); break;", "add(a, over(half_chord(a)), is_number); break;", "gradient; program"),
    ("0 times an infinite derivative is 0", "src/program/differentiate.cpp",
     "if (!derivative_is_finite) contribution =", "if (false) contribution =", "gradient; program"),
    ("integer powers are products", "src/program/rewrites.cpp",
     "std::abs(exponent) > largest_product_power) return {};", "std::abs(exponent) > 5) return {};", "whole powers up to"),
    ("sums that a root is taken of are rounded as written", "src/program/selection.cpp",
     "return !is_watched_[sum] || is_exact(product);", "return true;", "program; random_program"),
    ("round takes halves away from 0", "src/program/composed.hpp",
     "make.apply(Opcode::le, make.constant(0.5),", "make.apply(Opcode::lt, make.constant(0.5),", "program"),
    ("a formula has at most 2 million operations", "src/program/translate.cpp",
     "if (graph_->size() > most_nodes)", "if (graph_->size() > 2 * most_nodes)", "what is too large"),
    ("a trace has at most 2 million operations", "src/objective/trace.cpp",
     "if (current->graph.size() > most_nodes)", "if (current->graph.size() > 2 * most_nodes)", "what cannot be traced"),
    ("a value of another trace is refused", "src/objective/trace.cpp",
     "(value.recording_ != 0 && value.recording_ != current->serial)", "false", "trace"),
    ("brackets nest at most 200 deep", "src/program/syntax.hpp",
     "deepest_nesting = 200;", "deepest_nesting = 201;", "errors point at"),

    # Text in and out, the program.
    ("numbers read back to the same double", "src/io/result_table.cpp",
     'return fmt::format("{}", number);', 'return fmt::format("{:.16g}", number);', "io; cli"),
    ("a file is written whole or not at all", "src/io/files.cpp",
     "if (!temporary_.empty()) ::unlink(temporary_.c_str());",
     "if (!temporary_.empty()) ::rename(temporary_.c_str(), file_.c_str());", "io"),
    ("a file keeps its permissions", "src/io/files.cpp",
     "::fchmod(descriptor_, before.st_mode & permissions);", "static_cast<void>(permissions);", "io"),
    ("a temporary file whose writer lives is left alone", "src/io/files.cpp",
     "if (leftover && lock(leftover.number())) ::unlink", "if (leftover) ::unlink", "a file is written whole"),
    ("neighbours that changed places are one slip", "src/near.cpp",
     "row[j] = std::min(row[j], two_above[j - 2] + 1);", "row[j] = std::min(row[j], two_above[j - 2] + 3);",
     "an option that is not known"),
    ("a header names the columns of starts", "src/io/starts_csv.cpp",
     "column_of_.push_back(static_cast<std::size_t>(found - fields.begin()));", "column_of_.push_back(j);",
     "starts; io"),
    ("line breaks in quotes count as lines", "src/io/csv_lines.cpp",
     "next_line_ += static_cast<std::size_t>(*c == '\\n' || (*c == '\\r' && c[1] != '\\n'));", "static_cast<void>(c);",
     "text in a column of numbers"),
    ("separators in quotes separate nothing", "src/io/csv_lines.cpp", "            if (*at != '\"') continue;", "",
     "a table is read whatever"),
    ("tabs at the end of the first line separate nothing", "src/io/csv_lines.cpp",
     "has_tab || (is_behind_tab && !is_blank(*at));", "has_tab || *at == '\\t';", "a table is read whatever; starts"),
    ("a number that is cut off by text is none", "src/io/csv.cpp", " || *stop != '\\0'", "", "text in a column of numbers"),
    ("a row of nothing is written so that it is read", "src/io/csv.cpp", 'if (width_ == 1 && cell.empty()) cell = "\\"\\"";',
     "", "what is written reads back"),
    ("a text that looks like a comment is quoted", "src/io/csv.cpp",
     'awkward_beginnings = "#\\xEF\\xFE\\xFF";', 'awkward_beginnings = "\\xEF\\xFE\\xFF";', "what is written reads back"),
    ("columns of data have names of their own", "src/data.cpp", "if (!names.insert(column.name).second)",
     "if (names.insert(column.name).second && false)", "data are columns"),
    ("bad input is exit code 2", "src/cli/exit_codes.hpp", "constexpr int bad_input = 2;", "constexpr int bad_input = 1;",
     "bad input is refused with"),
    ("no output overwrites the data", "src/cli/outputs.cpp", '    add("data", problem.data_file);\n', "",
     "minimize, evaluate and tune take data"),
    ("nothing finite is exit code 3", "src/cli/exit_codes.hpp", "constexpr int nothing_finite = 3;",
     "constexpr int nothing_finite = 2;", "nothing finite is exit"),
    ("a table of problems is matched by key", "src/io/fit_input.cpp", "rows_.push_back(found->second);",
     "rows_.push_back(rows_.size());", "a table of problems is matched by key"),
    ("many problems refuse options of a search of one", "src/cli/fit_command.cpp",
     "if (std::ranges::find(known, option) == known.end())", "if (known.empty())", "what many problems do not have"),
    ("rows to predict belong to the problem of their key", "src/io/fit_input.cpp",
     "input.order[next[problem_of[row]]++] = row;", "input.order[row] = row;", "rows to predict are those"),
    ("intervals are Student's where the scale is estimated", "src/io/fits_table.cpp",
     "of.options.absolute_sigma || is_deviance(of.model.loss)", "true", "the table of one fit"),
    ("SIGINT is exit code 130", "src/cli/signals.cpp", "return killed + seen;", "return killed + SIGTERM;",
     "a signal ends a search"),

    # Machine code, instruction sets.
    ("a value that makes room is kept", "src/machine/allocate.cpp", "        target_->store(value.place, value.reg);", "",
     "machine code of any program"),
    ("of equals the minimum is the first", "src/machine/body.cpp", "add(Op::less_or_equal, a, b), a, b));",
     "add(Op::less, a, b), a, b));", "machine code of each operation"),
    ("a spill is not given away while it is read", "src/machine/allocate.cpp", "left_spills_.push_back(std::exchange(",
     "free_spills_.push_back(std::exchange(", "machine code of any program"),
    ("the frame that is moved has the numbers of its own step", "src/machine/adam.cpp",
     "alpha_ = step_row(Base::step, ", "alpha_ = step_row(Base::step_now, ", "Adam's iterations by machine code"),
    ("masks are as wide as numbers", "src/machine/x86.cpp", "vec(mask.reg));", "vec(set.reg));",
     "machine code of each operation"),
    ("links are not followed to perf's map", "src/machine/mapping.cpp", " | O_NOFOLLOW", "", "perf is told"),
    ("far arguments of a sine go another way", "src/machine/body.cpp", "add(Op::less, number(sincos_limit),",
     "add(Op::less, number(infinity),", "machine code of each operation"),
    ("a frame alone has another beside it", "kernels/turns.ipp", "if (count_ == 1) add_idle();", "",
     "Adam's iterations by machine code"),
    ("steps are counted where lanes break", "kernels/turns.ipp", "counted[i] = k + 1;", "counted[i] = k;",
     "Adam's iterations by machine code"),
    ("code is not writable", "src/machine/mapping.cpp", "bytes, PROT_READ | PROT_EXEC)",
     "bytes, PROT_READ | PROT_WRITE | PROT_EXEC)", "machine code takes memory"),
    ("code is given back", "src/machine/mapping.cpp", "    munmap(begin_, bytes_);", "", "machine code takes memory"),
    ("little work is interpreted", "src/objective/compiled.cpp", "evaluations < worth_compiling(lowered)", "false",
     "what is little work"),
    ("what is asked for and cannot be compiled is an error", "src/objective/compiled.cpp",
     'throw std::runtime_error("jit: " + why_not_);', "return;", "there is no machine code"),
    ("LANEWISE_ISA says which instruction set is used", "src/isa.cpp",
     "forced = parse_isa(wanted);", "parse_isa(wanted);", "isa"),
    ("the instruction set asked for goes before LANEWISE_ISA", "src/isa.cpp",
     "    if (!forced) {\n        if (const char*", "    {\n        if (const char*", "isa"),
    ("the widest instruction set is used", "src/isa.cpp",
     "if (isa_available(isa)) widest = isa;", "if (isa_available(isa) && isa < widest) widest = isa;", "isa"),

    # Kernels: to build what includes them takes long.
    ("m is dropped at walls", "kernels/advance.ipp",
     "moments[0] = xsimd::select(inside == target, moments[0], Batch<T>(T(0)));", "static_cast<void>(target);",
     "rules"),
    ("a broken run is frozen at its best point", "kernels/advance.ipp",
     "copy_rows(tile, lane, seen.broken, tile.best_x, tile.x);", "", "rules; search"),
    ("a run that never had a value is nan-at-start", "kernels/advance.ipp",
     "xsimd::select(has_best, Batch<T>(T(nan_on_the_way)), Batch<T>(T(nan_at_start)))",
     "xsimd::select(has_best, Batch<T>(T(nan_on_the_way)), Batch<T>(T(nan_on_the_way)))", "rules; search"),
    ("an infinite gradient breaks a run", "kernels/advance.ipp",
     "fault = fma(zero, load(g), fault);", "fault = fma(zero, zero, fault);", "search; rules"),
    ("a variable at a wall does not count for convergence", "kernels/advance.ipp",
     "| ((x == range.upper) & (g < zero));", ";", "search; rules"),
    ("fixed variables have no gradient", "kernels/advance.ipp",
     "lane < tile.lanes && tile.fixed[j];", "false;", "search; rules"),
    ("gradient descent descends in units of the box", "kernels/advance.ipp",
     "Rule::is_normalised ? g : scale * g", "g", "rules"),
    ("eps is outside of the root", "kernels/rules.ipp",
     "return {stride, add_eps(s, step_root(v, s.newton_from), largest_g)};",
     "return {stride, step_root(add_eps(s, v, largest_g), s.newton_from)};", "rules"),
    ("eps is a fraction of the largest gradient", "src/engine/course.cpp",
     "const bool is_fraction = course.scale == Scale::box;", "const bool is_fraction = false;", "rules"),
    ("the largest gradient is that of all iterations", "kernels/rules.ipp",
     "largest_g = greatest(largest_g, xsimd::abs(g));", "largest_g = xsimd::abs(g);", "rules"),
    ("machine code knows the largest gradient of all iterations", "src/machine/adam.cpp",
     "add(Op::max, previous(FrameBlock::largest_g), add(Op::bit_and_not, sign, g));",
     "add(Op::bit_and_not, sign, g);", "machine"),
    ("v of AdaGrad is a sum", "kernels/rules.ipp", "v = fma(g, g, v);", "v = second_moment(s, v, g);", "rules"),
    ("AMSGrad keeps the largest v", "kernels/rules.ipp", "largest_v = kernels::max(largest_v, v);", "largest_v = v;",
     "rules"),
    ("u of Adamax is at least |g| + eps", "kernels/rules.ipp", "add_eps(s, xsimd::abs(g), largest_g));", "xsimd::abs(g));", "rules"),
    ("a native objective's fixed variables have no gradient", "kernels/fused.ipp",
     "if (!all_finite && tile.fixed != nullptr) {", "if (false) {", "native"),
    ("a native objective is maximised", "kernels/fused.ipp",
     "flip(tile.flip, F{}(", "(F{}(", "native"),
    ("a step to NaN ends at a bound", "kernels/simd.hpp",
     "return greatest(least(x, upper), lower);",
     "return greatest(lower, least(upper, x));", "search; rules"),
    ("the smaller of NaN and a number is NaN", "kernels/simd.hpp",
     "return xsimd::select(xsimd::isnan(a), a, smaller);", "return smaller;", "program; accuracy"),
)]


# The build folder. The file that is changed is kept in it meanwhile, so that not even a power cut loses it.


class Build:
    def __init__(self, folder: Path, jobs: int) -> None:
        self.folder = folder
        self.jobs = jobs
        self.kept = folder / "unmutated"
        self.environment = dict(os.environ)

    def configure(self) -> None:
        if (self.folder / "build.ninja").exists():
            return
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        subprocess.run(["cmake", "-S", ROOT, "-B", self.folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                        "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG", *launcher], check=True, stdout=subprocess.DEVNULL)

    def make(self) -> str | None:
        """What went wrong, if anything did."""
        ninja = subprocess.run(["ninja", "-C", self.folder, f"-j{self.jobs}", "lanewise_tests", "lanewise_cli"],
                               text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return ninja.stdout if ninja.returncode != 0 else None

    def choose_isa(self) -> None:
        info = subprocess.run([self.folder / "lanewise", "info"], text=True, stdout=subprocess.PIPE, check=True).stdout
        if used := re.search(r"(\w+) .*, used$", info, re.MULTILINE):
            self.environment["LANEWISE_ISA"] = used.group(1)

    def failing_test(self, tests: list[str], most_seconds: float) -> str | None:
        """The name of the first test that fails, of these or of all; None when all pass."""
        spec = ",".join(f"{test}*" if " " in test else f"[#{test}_test]" for test in tests)
        command: list[str | Path] = [self.folder / "tests" / "lanewise_tests", "-#", "--abort", "-r", "xml"]
        if spec:
            command.append(spec)
        run = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               stdin=subprocess.DEVNULL, start_new_session=True)
        outcome = ""
        try:
            output, _ = run.communicate(timeout=most_seconds)
            if run.returncode == 0:
                return None
        except subprocess.TimeoutExpired as expired:
            output, outcome = expired.stdout or b"", ", which does not end"
        finally:
            try:
                os.killpg(run.pid, signal.SIGKILL)  # what tests started may outlive them
            except ProcessLookupError:
                pass
            run.wait()
        names = re.findall(r'<TestCase name="([^"]*)"', output.decode(errors="replace"))
        return (html.unescape(names[-1]) if names else "the tests, which do not run") + outcome

    def change(self, mutation: Mutation) -> None:
        file = ROOT / mutation.file
        text = file.read_text()
        self.kept.write_text(f"{mutation.file}\n{text}")
        file.write_text(text.replace(mutation.text, mutation.instead))

    def restore(self) -> None:
        if not self.kept.exists():
            return
        file, text = self.kept.read_text().split("\n", 1)
        (ROOT / file).write_text(text)
        self.kept.unlink()


def check() -> list[str]:
    """The mutations whose text is not there exactly once, or whose tests are not there."""
    files = {file.name.removesuffix("_test.cpp"): file.read_text() for file in (ROOT / "tests").glob("*_test.cpp")}
    all_tests = "".join(files.values())
    wrong = []
    for mutation in MUTATIONS:
        file = ROOT / mutation.file
        count = file.read_text().count(mutation.text) if file.exists() else 0
        if count != 1:
            wrong.append(f"{mutation.name}: {mutation.file} has its text {count} times")
        wrong += [f"{mutation.name}: there are no tests '{test}'" for test in mutation.tests.split("; ")
                  if test not in files and (" " not in test or f'TEST_CASE("{test}' not in all_tests)]
    names = [mutation.name for mutation in MUTATIONS]
    return wrong + [f"{name}: there are two" for name in sorted(set(names)) if names.count(name) > 1]


def chosen(wanted: list[str]) -> list[tuple[int, Mutation]]:
    """Numbers (from 1), ranges of numbers and parts of names; all when there are none."""
    numbers: set[int] = set()
    for word in wanted:
        if match := re.fullmatch(r"(\d+)(?:-(\d+))?", word):
            numbers.update(range(int(match[1]), int(match[2] or match[1]) + 1))
        else:
            numbers.update(i for i, mutation in enumerate(MUTATIONS, 1) if word in mutation.name)
    return [(i, mutation) for i, mutation in enumerate(MUTATIONS, 1) if not wanted or i in numbers]


def try_out(build: Build, mutation: Mutation, is_quick: bool) -> str:
    build.change(mutation)
    try:
        if error := build.make():
            return "DOES NOT BUILD\n" + error
        test = build.failing_test(mutation.tests.split("; "), 600)
        if not test and not is_quick:
            test = build.failing_test([], 3600)
        return f"noticed by: {test}" if test else "NOT NOTICED"
    finally:
        build.restore()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wanted", nargs="*", help="numbers, ranges of numbers, parts of names")
    parser.add_argument("--list", action="store_true", help="names and numbers")
    parser.add_argument("--check", action="store_true", help="only whether the text of each is there once")
    parser.add_argument("--quick", action="store_true", help="without the whole suite where the likely tests pass")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "mutations", help="folder to build in")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="of ninja")
    arguments = parser.parse_args()
    if arguments.list:
        for i, mutation in enumerate(MUTATIONS, 1):
            print(f"{i:3} {mutation.name}")
        return 0
    build = Build(arguments.build, arguments.jobs)
    if not arguments.check:
        build.restore()
    if wrong := check():
        print("\n".join(wrong))
        return 2
    if arguments.check:
        return 0

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    build.configure()
    if error := build.make():
        print(error)
        return 2
    build.choose_isa()
    mutations = chosen(arguments.wanted)
    tests = {test for _, mutation in mutations for test in mutation.tests.split("; ")}
    if test := build.failing_test(sorted(tests), 3600):
        print(f"fails without any mutation: {test}")
        return 2
    outcomes = []
    for i, mutation in mutations:
        begin = time.monotonic()
        outcomes.append(try_out(build, mutation, arguments.quick))
        print(f"{i:3} {mutation.name}: {outcomes[-1]} ({time.monotonic() - begin:.0f} s)", flush=True)
    broken = sum(outcome.startswith("DOES NOT BUILD") for outcome in outcomes)
    missed = outcomes.count("NOT NOTICED")
    print(f"{len(outcomes)} mutations: {missed} not noticed, {broken} not built")
    return 2 if broken else 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(2)
