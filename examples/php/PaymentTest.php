<?php

declare(strict_types=1);

require_once __DIR__ . '/Sandbox.php';

use PHPUnit\Framework\TestCase;

/** A shop's payment tests against `kvitt sandbox`. Run: phpunit examples/php/PaymentTest.php */
final class PaymentTest extends TestCase
{
    // Amounts are minor units with tax inside: 249.00 each, of which 25 % tax.
    private const CART = [
        'purchase_country' => 'SE',
        'purchase_currency' => 'SEK',
        'locale' => 'sv-SE',
        'order_amount' => 49800,
        'order_tax_amount' => 9960,
        'order_lines' => [[
            'type' => 'physical',
            'reference' => 'shirt',
            'name' => 'Shirt',
            'quantity' => 2,
            'unit_price' => 24900,
            'tax_rate' => 2500,
            'total_amount' => 49800,
            'total_tax_amount' => 9960,
        ]],
    ];

    // Any pair will do, but for the password `wrong`, which is always refused.
    private const CREDENTIALS = 'PK00000_test:secret';

    private static Sandbox $sandbox;

    public static function setUpBeforeClass(): void
    {
        // One sandbox for all tests of the class: it starts in milliseconds, but once is enough.
        self::$sandbox = new Sandbox();
    }

    public static function tearDownAfterClass(): void
    {
        self::$sandbox->stop();
    }

    protected function setUp(): void
    {
        self::$sandbox->reset();
    }

    /** The least that a shop needs to talk to Klarna; put your own client in its place. */
    private static function klarna(
        string $method,
        string $path,
        ?array $body = null,
        array $headers = [],
    ): ?array {
        $headers['Authorization'] = 'Basic ' . base64_encode(self::CREDENTIALS);
        return Sandbox::send($method, self::$sandbox->url . $path, $headers, $body);
    }

    private static function placeOrder(): string
    {
        $session = self::klarna('POST', '/payments/v1/sessions', self::CART);
        self::assertSame(200, $session['status']);
        // In a browser, client_token goes to Klarna's widget and the shopper decides.
        $shopper = self::$sandbox->authorize($session['body']['session_id']);
        self::assertTrue($shopper['approved']);
        // The order must say what the session said, or Klarna refuses it.
        $path = "/payments/v1/authorizations/{$shopper['authorization_token']}/order";
        $order = self::klarna('POST', $path, self::CART);
        self::assertSame(200, $order['status']);
        self::assertSame('ACCEPTED', $order['body']['fraud_status']);
        return "/ordermanagement/v1/orders/{$order['body']['order_id']}";
    }

    private static function read(string $order): array
    {
        $answer = self::klarna('GET', $order);
        self::assertSame(200, $answer['status']);
        return $answer['body'];
    }

    public function testFromSessionToRefund(): void
    {
        $order = self::placeOrder();
        $placed = self::read($order);
        self::assertSame('AUTHORIZED', $placed['status']);
        self::assertSame(49800, $placed['order_amount']);
        self::assertSame(49800, $placed['remaining_authorized_amount']);

        // One of two shirts ships. Klarna's answer has no body; the new id is in a header.
        $capture = self::klarna('POST', "$order/captures", ['captured_amount' => 24900]);
        self::assertSame(201, $capture['status']);
        self::assertNull($capture['body']);
        $shipped = self::read($order);
        self::assertSame($capture['headers']['capture-id'], $shipped['captures'][0]['capture_id']);
        self::assertSame('PART_CAPTURED', $shipped['status']);
        self::assertSame(24900, $shipped['captured_amount']);
        self::assertSame(24900, $shipped['remaining_authorized_amount']);

        // It comes back, and 10.00 is kept for the return.
        $refund = self::klarna('POST', "$order/refunds", ['refunded_amount' => 23900]);
        self::assertSame(201, $refund['status']);
        $returned = self::read($order);
        self::assertSame($refund['headers']['refund-id'], $returned['refunds'][0]['refund_id']);
        self::assertSame(23900, $returned['refunded_amount']);
        self::assertSame(24900, $returned['captured_amount']);
    }

    public function testALostAnswerCapturesOnce(): void
    {
        $order = self::placeOrder();
        // The next capture is made, but the connection breaks before its answer.
        self::$sandbox->addFault([
            'match' => ['method' => 'POST', 'path_contains' => '/captures'],
            'times' => 1,
            'effect' => ['kind' => 'reset_after'],
        ]);
        // The key belongs to the parcel: the same key, the same capture, however often it is sent.
        $key = ['Klarna-Idempotency-Key' => bin2hex(random_bytes(16))];
        $body = ['captured_amount' => 24900];
        self::assertNull(self::klarna('POST', "$order/captures", $body, $key));
        $capture = self::klarna('POST', "$order/captures", $body, $key);
        self::assertSame(201, $capture['status']);
        $captures = self::read($order)['captures'];
        self::assertCount(1, $captures);
        self::assertSame($capture['headers']['capture-id'], $captures[0]['capture_id']);
        self::assertSame(24900, $captures[0]['captured_amount']);
    }

    public function testAnOrderExpires(): void
    {
        $order = self::placeOrder();
        self::$sandbox->advance('P28D');
        self::assertSame('EXPIRED', self::read($order)['status']);
        $refusal = self::klarna('POST', "$order/captures", ['captured_amount' => 49800]);
        self::assertSame(403, $refusal['status']);
        self::assertSame('CAPTURE_NOT_ALLOWED', $refusal['body']['error_code']);
    }
}
