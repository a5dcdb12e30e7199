// Kernels become functions of HIVM; what launches them is dropped.
// RUN: xdsl-opt %s -p convert-npu-to-hivm | filecheck %s
// RUN: xdsl-opt %s -p "convert-npu-to-hivm{planned=true}" | filecheck %s --check-prefix PLANNED

func.func @main(%x: tensor<8x20xf32>) -> tensor<8x20xf32> {
  %y = npu.launch @rows(%x) : (tensor<8x20xf32>) -> tensor<8x20xf32>
  func.return %y : tensor<8x20xf32>
}

// Rows of 20 elements take 24, so that each starts on a block; a column is repeated along dimension 1.
// CHECK-NOT: @main
// CHECK: func.func @rows(%x: memref<8x20xf32, #hivm.address_space<gm>>, %y: memref<8x20xf32, #hivm.address_space<gm>>) attributes {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hacc.block_dim = 2 : i64, hivm.func_core_type = #hivm.func_core_type<AIV>} {
// CHECK: [[IDX:%.*]] = "hivm.hir.get_block_idx"() : () -> i64
// CHECK: [[B:%.*]] = memref.alloc() : memref<4x24xf32, #hivm.address_space<ub>>
// CHECK: %b = memref.subview [[B]][0, 0] [4, 20] [1, 1]
// CHECK: "hivm.hir.load"(%g, %b)
// CHECK: hivm.hir.vreduce <max> ins(%b : {{.*}}) outs(%m : {{.*}}) reduce_dims = [1]
// CHECK: "hivm.hir.vsub"(%b, %m, %b) <{broadcast = array<i64: 1>
// Truth values are bits, in rows of whole blocks.
// CHECK: [[BITS:%.*]] = memref.alloc() : memref<4x256xi1, #hivm.address_space<ub>>
// CHECK: %c = memref.subview [[BITS]][0, 0] [4, 20] [1, 1]
// CHECK: "hivm.hir.vcmp"(%b, %z, %c) <{compare_mode = #hivm.compare_mode<lt>
// CHECK: "hivm.hir.vsel"(%c, %z, %b, %b)
// CHECK: "hivm.hir.store"(%b, %h)
// CHECK: func.return

// With our plan buffers have addresses, and flags order the pipes.
// PLANNED: "hivm.hir.pointer_cast"
// PLANNED-NOT: memref.alloc
// PLANNED: "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, wait_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>}>
// PLANNED: "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, wait_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>}>
// PLANNED: "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_V>}>
npu.kernel @rows ins(%x: memref<8x20xf32, #npu.scope<global>>) outs(%y: memref<8x20xf32, #npu.scope<global>>) on <vector> blocks 2 target "ascend910b1" {
  %z = arith.constant 0.0 : f32
  %four = arith.constant 4 : index
  %block = npu.block_idx : index
  %i = arith.muli %block, %four : index
  %b = npu.alloc : memref<4x20xf32, strided<[24, 1]>, #npu.scope<ub>>
  %g = memref.subview %x[%i, 0] [4, 20] [1, 1] : memref<8x20xf32, #npu.scope<global>> to memref<4x20xf32, strided<[20, 1], offset: ?>, #npu.scope<global>>
  npu.load %g into %b : memref<4x20xf32, strided<[20, 1], offset: ?>, #npu.scope<global>> into memref<4x20xf32, strided<[24, 1]>, #npu.scope<ub>>
  %m = npu.alloc : memref<4x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  npu.vreduce <max> ins(%b : memref<4x20xf32, strided<[24, 1]>, #npu.scope<ub>>) outs(%m : memref<4x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  npu.vsub ins(%b, %m : memref<4x20xf32, strided<[24, 1]>, #npu.scope<ub>>, memref<4x1xf32, strided<[8, 1]>, #npu.scope<ub>>) outs(%b : memref<4x20xf32, strided<[24, 1]>, #npu.scope<ub>>)
  %c = npu.alloc : memref<4x20xi8, strided<[32, 1]>, #npu.scope<ub>>
  npu.vcmp <lt> ins(%b, %z : memref<4x20xf32, strided<[24, 1]>, #npu.scope<ub>>, f32) outs(%c : memref<4x20xi8, strided<[32, 1]>, #npu.scope<ub>>)
  npu.vsel ins(%c, %z, %b : memref<4x20xi8, strided<[32, 1]>, #npu.scope<ub>>, f32, memref<4x20xf32, strided<[24, 1]>, #npu.scope<ub>>) outs(%b : memref<4x20xf32, strided<[24, 1]>, #npu.scope<ub>>)
  %h = memref.subview %y[%i, 0] [4, 20] [1, 1] : memref<8x20xf32, #npu.scope<global>> to memref<4x20xf32, strided<[20, 1], offset: ?>, #npu.scope<global>>
  npu.store %b into %h : memref<4x20xf32, strided<[24, 1]>, #npu.scope<ub>> into memref<4x20xf32, strided<[20, 1], offset: ?>, #npu.scope<global>>
}

// Matrices lie in fractals: 20 x 40 of f16 in L1 is [3][2][16][16], an accumulator of 20 x 16 [1][2][16][16].
// CHECK: func.func @product({{.*}}hivm.func_core_type = #hivm.func_core_type<AIC>} {
// CHECK: %a = memref.alloc() : memref<3x2x16x16xf16, #hivm.address_space<cbuf>>
// CHECK: "hivm.hir.nd2nz"(%x, %a)
// CHECK: "hivm.hir.mmadL1"(%a, %b, %t, [[M:%.*]], [[K:%.*]], [[N:%.*]], %c) <{b_transpose,
// CHECK: "hivm.hir.fixpipe"(%c, %y) <{dma_mode = #hivm.dma_mode<nz2nd>, pre_quant = #hivm.fixpipe_pre_quant_mode<F322F16>, pre_relu = #hivm.fixpipe_pre_relu_mode<NORMAL_RELU>
// The matrix product reads L1 through MTE1 and writes L0C on M.
// PLANNED: func.func @product
// PLANNED: "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_MTE2>, wait_pipe = #hivm.pipe<PIPE_MTE1>
// PLANNED: "hivm.hir.mmadL1"
// PLANNED: "hivm.hir.wait_flag"() <{set_pipe = #hivm.pipe<PIPE_M>, wait_pipe = #hivm.pipe<PIPE_FIX>
npu.kernel @product ins(%x: memref<20x40xf16, #npu.scope<global>>, %w: memref<16x40xf16, #npu.scope<global>>) outs(%y: memref<20x16xf16, #npu.scope<global>>) on <cube> blocks 1 target "ascend910b1" {
  %t = arith.constant true
  %a = npu.alloc : memref<20x40xf16, #npu.scope<l1>>
  npu.load %x into %a : memref<20x40xf16, #npu.scope<global>> into memref<20x40xf16, #npu.scope<l1>>
  %b = npu.alloc : memref<16x40xf16, #npu.scope<l1>>
  npu.load %w into %b : memref<16x40xf16, #npu.scope<global>> into memref<16x40xf16, #npu.scope<l1>>
  %c = npu.alloc : memref<20x16xf32, #npu.scope<l0c>>
  npu.mmad ins(%a, transposed %b : memref<20x40xf16, #npu.scope<l1>>, memref<16x40xf16, #npu.scope<l1>>) outs(%c : memref<20x16xf32, #npu.scope<l0c>>) init %t : i1
  npu.fixpipe relu %c into %y : memref<20x16xf32, #npu.scope<l0c>> into memref<20x16xf16, #npu.scope<global>>
}
