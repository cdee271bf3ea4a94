#include "adam.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace lanewise::machine {

namespace {

using kernels::FrameBlock;
using kernels::FrameRow;
using kernels::RangeRow;

class Turn {
  public:
    Turn(Listing& listing, Body& body, std::size_t dimension, bool newton_roots)
        : listing_(&listing), body_(&body), dimension_(dimension), newton_roots_(newton_roots) {}

    /// Evaluates the current frame. The previous one is moved meanwhile: moving waits for the divider,
    /// evaluating for the rest.
    void evaluate_and_move(std::size_t instructions) {
        body_->watch_faults(*listing_);
        body_->write(*listing_, 0, instructions);
        std::vector<Instruction> evaluating = std::exchange(listing_->instructions(), {});
        move();
        std::vector<Instruction> moving = std::exchange(listing_->instructions(), {});
        std::size_t moved = 0;
        for (std::size_t i = 0; i < evaluating.size(); ++i) {
            listing_->instructions().push_back(evaluating[i]);
            for (; moved * evaluating.size() < (i + 1) * moving.size(); ++moved)
                listing_->instructions().push_back(moving[moved]);
        }
    }

    /// Looks at the current frame.
    void look() {
        const ValueId zero = body_->constant(*listing_, Constant::zero);
        const ValueId fault = add(Op::fma, zero, body_->value(), body_->fault());
        listing_->leave_unless_all(add(Op::equal, fault, zero));
        const ValueId flip = listing_->at(row(Base::ranges, kernels::flip_row(dimension_)));
        const ValueId f = add(Op::bit_xor, body_->value(), flip);
        const ValueId moving = at(Base::current, FrameRow::moving);
        const ValueId best_f = at(Base::current, FrameRow::best_f);
        const ValueId improved = add(Op::bit_and, add(Op::less, f, best_f), moving);
        keep(add(Op::blend, improved, f, best_f), FrameRow::best_f);
        keep(add(Op::blend, improved, step_row(Base::step_now, kernels::StepRow::iteration),
                 at(Base::current, FrameRow::best_step)),
             FrameRow::best_step);
    }

  private:
    void move() {
        alpha_ = step_row(Base::step, kernels::StepRow::alpha);
        eps_ = step_row(Base::step, kernels::StepRow::eps);
        eps_g_ = step_row(Base::step, kernels::StepRow::eps_g);
        beta1_ = step_row(Base::step, kernels::StepRow::beta1);
        beta2_ = step_row(Base::step, kernels::StepRow::beta2);
        moving_ = at(Base::previous, FrameRow::moving);
        const ValueId is_best = add(Op::equal, at(Base::previous, FrameRow::best_step),
                                    step_row(Base::step, kernels::StepRow::iteration));
        improved_ = add(Op::bit_and, is_best, moving_);
        for (std::size_t j = 0; j < dimension_; ++j) move(j);
    }

    void move(std::size_t j) {
        const auto place = [&](FrameBlock block) {
            return row(Base::previous, kernels::frame_row(dimension_, block, j));
        };
        const auto previous = [&](FrameBlock block) { return listing_->at(place(block)); };
        const auto store = [&](ValueId value, FrameBlock block) { listing_->store(value, place(block)); };
        const auto range = [&](RangeRow what) {
            return listing_->at(row(Base::ranges, kernels::range_row(j, what)));
        };
        const ValueId g = previous(FrameBlock::g);
        const ValueId m = add(Op::fma, beta1_, previous(FrameBlock::m), g);
        const ValueId v = add(Op::fma, g, g, add(Op::mul, beta2_, previous(FrameBlock::v)));
        store(v, FrameBlock::v);
        const ValueId sign = body_->constant(*listing_, Constant::sign_bit);
        const ValueId largest_g =
            add(Op::max, previous(FrameBlock::largest_g), add(Op::bit_and_not, sign, g));
        store(largest_g, FrameBlock::largest_g);
        const ValueId denominator = add(Op::fma, eps_g_, largest_g, add(Op::add, root(v), eps_));
        const ValueId stride = add(Op::div, add(Op::mul, alpha_, m), denominator);
        const ValueId x = previous(FrameBlock::x);
        store(add(Op::blend, improved_, x, previous(FrameBlock::best_x)), FrameBlock::best_x);
        const ValueId target = add(Op::fnma, range(RangeRow::scale), stride, x);
        const ValueId low_enough = add(Op::min, target, range(RangeRow::upper));
        const ValueId inside = add(Op::max, low_enough, range(RangeRow::lower));
        store(add(Op::bit_and, add(Op::equal, inside, target), m), FrameBlock::m);
        store(add(Op::blend, moving_, inside, x), FrameBlock::x);
    }

    /// As kernels/newton.hpp has it.
    ValueId root(ValueId a) {
        if (!newton_roots_) return add(Op::sqrt, a);
        const ValueId half = body_->constant(*listing_, Constant::half);
        const ValueId y = add(Op::estimate_inverse_root, a);
        ValueId g = add(Op::mul, a, y);
        ValueId h = add(Op::mul, half, y);
        constexpr int steps = 2;
        for (int i = 0; i < steps; ++i) {
            const ValueId r = add(Op::fnma, g, h, half);
            g = add(Op::fma, g, r, g);
            h = add(Op::fma, h, r, h);
        }
        return add(Op::root_if_out_of_range, add(Op::fma, add(Op::fnma, g, g, a), h, g), a);
    }

    ValueId add(Op op, ValueId a, ValueId b = no_value, ValueId c = no_value) {
        return listing_->add(op, a, b, c);
    }
    static Place row(Base base, std::size_t index) { return {base, static_cast<std::uint32_t>(index)}; }
    ValueId at(Base frame, FrameRow which) {
        return listing_->at(row(frame, kernels::frame_row(dimension_, which)));
    }
    void keep(ValueId value, FrameRow which) {
        listing_->store(value, row(Base::current, kernels::frame_row(dimension_, which)));
    }
    ValueId step_row(Base base, kernels::StepRow which) {
        return listing_->at(row(base, static_cast<std::size_t>(which)));
    }

    Listing* listing_;
    Body* body_;
    std::size_t dimension_;
    bool newton_roots_;
    ValueId alpha_ = no_value, eps_ = no_value, eps_g_ = no_value, beta1_ = no_value, beta2_ = no_value;
    ValueId moving_ = no_value, improved_ = no_value;
};

}  // namespace

void write_turn(Listing& listing, Body& body, std::size_t instructions, std::size_t dimension,
                bool newton_roots) {
    Turn turn(listing, body, dimension, newton_roots);
    turn.evaluate_and_move(instructions);
    turn.look();
}

Body::Rows rows_of_turn(std::size_t dimension) {
    return {.x_base = Base::current,
            .gradient_base = Base::current,
            .gradient_first = static_cast<std::uint32_t>(kernels::frame_row(dimension, FrameBlock::g, 0)),
            .value = {Base::current, static_cast<std::uint32_t>(kernels::frame_row(dimension, FrameRow::f))}};
}

}  // namespace lanewise::machine
