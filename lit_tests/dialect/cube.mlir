// The matrix instruction and the way out of the accumulator.
// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

npu.kernel @k ins(%x: memref<64x48xf32, #npu.scope<global>>) outs(%y: memref<64x48xf32, #npu.scope<global>>, %h: memref<64x48xf16, #npu.scope<global>>) on <cube> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<64x32xf16, #npu.scope<l1>>
  %at = npu.alloc : memref<32x64xf16, #npu.scope<l1>>
  %b = npu.alloc : memref<32x48xf16, #npu.scope<l1>>
  %bt = npu.alloc : memref<48x32xf16, #npu.scope<l1>>
  %c = npu.alloc : memref<64x48xf32, #npu.scope<l0c>>
  %l = npu.alloc : memref<64x48xf16, #npu.scope<l1>>

  // acc = a · b where init is true, otherwise acc += a · b.
  %init = arith.constant true
  %more = arith.constant false
  // CHECK: npu.mmad ins(%a, %b : memref<64x32xf16, #npu.scope<l1>>, memref<32x48xf16, #npu.scope<l1>>) outs(%c : memref<64x48xf32, #npu.scope<l0c>>) init %init : i1
  // GENERIC: "npu.mmad"(%a, %b, %init, %c) : (memref<64x32xf16, #npu.scope<l1>>, memref<32x48xf16, #npu.scope<l1>>, i1, memref<64x48xf32, #npu.scope<l0c>>) -> ()
  npu.mmad ins(%a, %b : memref<64x32xf16, #npu.scope<l1>>, memref<32x48xf16, #npu.scope<l1>>) outs(%c : memref<64x48xf32, #npu.scope<l0c>>) init %init : i1
  // CHECK: npu.mmad ins(%a, %b : memref<64x32xf16, #npu.scope<l1>>, memref<32x48xf16, #npu.scope<l1>>) outs(%c : memref<64x48xf32, #npu.scope<l0c>>) init %more : i1
  // GENERIC: "npu.mmad"(%a, %b, %more, %c) : (memref<64x32xf16, #npu.scope<l1>>, memref<32x48xf16, #npu.scope<l1>>, i1, memref<64x48xf32, #npu.scope<l0c>>) -> ()
  npu.mmad ins(%a, %b : memref<64x32xf16, #npu.scope<l1>>, memref<32x48xf16, #npu.scope<l1>>) outs(%c : memref<64x48xf32, #npu.scope<l0c>>) init %more : i1

  // Either factor may be stored transposed.
  // CHECK: npu.mmad ins(transposed %at, %b : memref<32x64xf16, #npu.scope<l1>>, memref<32x48xf16, #npu.scope<l1>>) outs(%c : memref<64x48xf32, #npu.scope<l0c>>) init %more : i1
  // GENERIC: "npu.mmad"(%at, %b, %more, %c) <{transpose_lhs}> : (memref<32x64xf16, #npu.scope<l1>>, memref<32x48xf16, #npu.scope<l1>>, i1, memref<64x48xf32, #npu.scope<l0c>>) -> ()
  npu.mmad ins(transposed %at, %b : memref<32x64xf16, #npu.scope<l1>>, memref<32x48xf16, #npu.scope<l1>>) outs(%c : memref<64x48xf32, #npu.scope<l0c>>) init %more : i1
  // CHECK: npu.mmad ins(%a, transposed %bt : memref<64x32xf16, #npu.scope<l1>>, memref<48x32xf16, #npu.scope<l1>>) outs(%c : memref<64x48xf32, #npu.scope<l0c>>) init %more : i1
  // GENERIC: "npu.mmad"(%a, %bt, %more, %c) <{transpose_rhs}> : (memref<64x32xf16, #npu.scope<l1>>, memref<48x32xf16, #npu.scope<l1>>, i1, memref<64x48xf32, #npu.scope<l0c>>) -> ()
  npu.mmad ins(%a, transposed %bt : memref<64x32xf16, #npu.scope<l1>>, memref<48x32xf16, #npu.scope<l1>>) outs(%c : memref<64x48xf32, #npu.scope<l0c>>) init %more : i1
  // CHECK: npu.mmad ins(transposed %at, transposed %bt : memref<32x64xf16, #npu.scope<l1>>, memref<48x32xf16, #npu.scope<l1>>) outs(%c : memref<64x48xf32, #npu.scope<l0c>>) init %more : i1
  // GENERIC: "npu.mmad"(%at, %bt, %more, %c) <{transpose_lhs, transpose_rhs}> : (memref<32x64xf16, #npu.scope<l1>>, memref<48x32xf16, #npu.scope<l1>>, i1, memref<64x48xf32, #npu.scope<l0c>>) -> ()
  npu.mmad ins(transposed %at, transposed %bt : memref<32x64xf16, #npu.scope<l1>>, memref<48x32xf16, #npu.scope<l1>>) outs(%c : memref<64x48xf32, #npu.scope<l0c>>) init %more : i1

  // fixpipe: out of l0c, converting to the dtype of the destination, with or without relu.
  // CHECK: npu.fixpipe %c into %y : memref<64x48xf32, #npu.scope<l0c>> into memref<64x48xf32, #npu.scope<global>>
  // GENERIC: "npu.fixpipe"(%c, %y) : (memref<64x48xf32, #npu.scope<l0c>>, memref<64x48xf32, #npu.scope<global>>) -> ()
  npu.fixpipe %c into %y : memref<64x48xf32, #npu.scope<l0c>> into memref<64x48xf32, #npu.scope<global>>
  // CHECK: npu.fixpipe relu %c into %h : memref<64x48xf32, #npu.scope<l0c>> into memref<64x48xf16, #npu.scope<global>>
  // GENERIC: "npu.fixpipe"(%c, %h) <{relu}> : (memref<64x48xf32, #npu.scope<l0c>>, memref<64x48xf16, #npu.scope<global>>) -> ()
  npu.fixpipe relu %c into %h : memref<64x48xf32, #npu.scope<l0c>> into memref<64x48xf16, #npu.scope<global>>
  // CHECK: npu.fixpipe %c into %l : memref<64x48xf32, #npu.scope<l0c>> into memref<64x48xf16, #npu.scope<l1>>
  // GENERIC: "npu.fixpipe"(%c, %l) : (memref<64x48xf32, #npu.scope<l0c>>, memref<64x48xf16, #npu.scope<l1>>) -> ()
  npu.fixpipe %c into %l : memref<64x48xf32, #npu.scope<l0c>> into memref<64x48xf16, #npu.scope<l1>>
}
