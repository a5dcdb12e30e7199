// RUN: xdsl-opt %s --allow-unregistered-dialect -p 'convert-hivm-to-npu{blocks=2}' | filecheck %s

// A loop of the vendor's, doubled buffers: an iteration takes the buffer that its number modulo 2 names, and its event.
// The loop is unrolled by two, so that each copy has its own; the second may not run. Views are written where
// instructions use them: the collapsed rows of the argument as elements of it. Truth values, folded, leave no trace.

// CHECK:      npu.kernel @k ins(%{{.*}}: memref<64x256xf32, #npu.scope<global>>) outs(%{{.*}}: memref<64x256xf32, #npu.scope<global>>) on <vector> blocks 2 target "ascend910b1"
// CHECK:        npu.block_idx : index
// CHECK:        npu.set_flag <mte3> to <mte2> event 0
// CHECK-NEXT:   npu.set_flag <mte3> to <mte2> event 1
// CHECK:        scf.for
// CHECK:          npu.alloc at 0 : memref<2048xf32, #npu.scope<ub>>
// CHECK:          npu.wait_flag <mte3> to <mte2> event 1
// CHECK:          memref.subview %{{.*}}[%{{.*}}] [2048] [1] : memref<16384xf32, #npu.scope<global>>
// CHECK:          npu.load
// CHECK:          npu.set_flag <mte2> to <vector> event 0
// CHECK-NEXT:     npu.wait_flag <mte2> to <vector> event 0
// CHECK:          npu.vexp
// CHECK:          npu.store
// CHECK:          npu.set_flag <mte3> to <mte2> event 1
// CHECK:          scf.if
// CHECK:            npu.alloc at 8192 : memref<2048xf32, #npu.scope<ub>>
// CHECK:            npu.wait_flag <mte3> to <mte2> event 0
// CHECK:            npu.set_flag <mte2> to <vector> event 1
// CHECK-NEXT:       npu.wait_flag <mte2> to <vector> event 1
// CHECK:            npu.set_flag <mte3> to <mte2> event 0

#turn = affine_map<()[i] -> ((i floordiv 2) mod 2)>
#rows = affine_map<()[b, i] -> (b * 8 + i * 8)>

"func.func"() <{function_type = (memref<64x256xf32, #hivm.address_space<gm>>, memref<64x256xf32, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
^bb0(%x: memref<64x256xf32, #hivm.address_space<gm>>, %y: memref<64x256xf32, #hivm.address_space<gm>>):
  %a0 = "arith.constant"() <{value = 0 : i64}> : () -> i64
  %a1 = "arith.constant"() <{value = 8192 : i64}> : () -> i64
  %true = "arith.constant"() <{value = true}> : () -> i1
  %one = "arith.constant"() <{value = 1 : i64}> : () -> i64
  %c0 = "arith.constant"() <{value = 0 : index}> : () -> index
  %c2 = "arith.constant"() <{value = 2 : index}> : () -> index
  %c6 = "arith.constant"() <{value = 6 : index}> : () -> index
  %b0 = "hivm.hir.pointer_cast"(%a0) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8x256xf32, #hivm.address_space<ub>>
  %b1 = "hivm.hir.pointer_cast"(%a1) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8x256xf32, #hivm.address_space<ub>>
  %block = "hivm.hir.get_block_idx"() : () -> i64
  %number = "arith.index_cast"(%block) : (i64) -> index
  "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
  "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE3>, static_event_id = #hivm.event<EVENT_ID1>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : () -> ()
  "scf.for"(%c0, %c6, %c2) ({
  ^bb0(%i: index):
    %turn = "affine.apply"(%i) <{map = #turn}> : (index) -> index
    %which = "arith.index_cast"(%turn) : (index) -> i64
    %second = "arith.cmpi"(%which, %one) <{predicate = 0 : i64}> : (i64, i64) -> i1
    %buffer = "arith.select"(%second, %b1, %b0) : (i1, memref<8x256xf32, #hivm.address_space<ub>>, memref<8x256xf32, #hivm.address_space<ub>>) -> memref<8x256xf32, #hivm.address_space<ub>>
    %odd = "arith.index_cast"(%turn) : (index) -> i1
    %even = "arith.xori"(%odd, %true) : (i1, i1) -> i1
    %event = "arith.extui"(%even) : (i1) -> i64
    %row = "affine.apply"(%number, %i) <{map = #rows}> : (index, index) -> index
    %in = "memref.subview"(%x, %row) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: 8, 256>, static_strides = array<i64: 1, 1>}> : (memref<64x256xf32, #hivm.address_space<gm>>, index) -> memref<8x256xf32, strided<[256, 1], offset: ?>, #hivm.address_space<gm>>
    %flat = "memref.collapse_shape"(%in) <{reassociation = [[0, 1]]}> : (memref<8x256xf32, strided<[256, 1], offset: ?>, #hivm.address_space<gm>>) -> memref<2048xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
    %tile = "memref.collapse_shape"(%buffer) <{reassociation = [[0, 1]]}> : (memref<8x256xf32, #hivm.address_space<ub>>) -> memref<2048xf32, #hivm.address_space<ub>>
    "hivm.hir.wait_flag"(%event) <{set_pipe = #hivm.pipe<PIPE_MTE3>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : (i64) -> ()
    "hivm.hir.load"(%flat, %tile) <{operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<2048xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>, memref<2048xf32, #hivm.address_space<ub>>) -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_V>}> : () -> ()
    "hivm.hir.vexp"(%tile, %tile) <{operandSegmentSizes = array<i32: 1, 1, 0>}> : (memref<2048xf32, #hivm.address_space<ub>>, memref<2048xf32, #hivm.address_space<ub>>) -> ()
    "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
    "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>, wait_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
    %out = "memref.subview"(%y, %row) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>, static_offsets = array<i64: -9223372036854775808, 0>, static_sizes = array<i64: 8, 256>, static_strides = array<i64: 1, 1>}> : (memref<64x256xf32, #hivm.address_space<gm>>, index) -> memref<8x256xf32, strided<[256, 1], offset: ?>, #hivm.address_space<gm>>
    "hivm.hir.store"(%buffer, %out) : (memref<8x256xf32, #hivm.address_space<ub>>, memref<8x256xf32, strided<[256, 1], offset: ?>, #hivm.address_space<gm>>) -> ()
    "hivm.hir.set_flag"(%event) <{set_pipe = #hivm.pipe<PIPE_MTE3>, wait_pipe = #hivm.pipe<PIPE_MTE2>}> : (i64) -> ()
    "scf.yield"() : () -> ()
  }) : (index, index, index) -> ()
  "func.return"() : () -> ()
}) {hivm.func_core_type = #hivm.func_core_type<AIV>} : () -> ()
