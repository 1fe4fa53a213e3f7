/** A provider that misbehaves costs nothing but its own answer. */
import { expect, test, tokens } from '../fixtures';

test.describe('a provider that misbehaves', () => {
  for (const [script, says, kept] of [
    ['error401', /did not accept the API key.*Incorrect key provided\./, ''],
    ['busy', /too many requests.*120 s.*Slow down, please\./, ''],
    ['html', /could not be understood/, ''],
    ['empty', /could not be understood|closed before the answer|no answer|empty/i, ''],
    ['half', /closed before the answer was complete/, tokens(1, 10).join(' ')],
    ['garbled', /could not be understood|UTF-8/, 'Before it'],
  ] as const) {
    test(`${script}: the reason stays at the message, the composer stays usable`, async ({ chat }) => {
      await chat.open();
      await chat.ask(script);
      await expect(chat.toasts.filter({ hasText: says })).toBeVisible();
      for (const when of ['live', 'after a reload']) {
        await expect(chat.reply.getByRole('alert'), when).toHaveText(says);
        await expect(chat.answer, when).toHaveText(kept);
        await expect(chat.reply.getByRole('button', { name: 'Continue' }), when).toBeVisible();
        await chat.reload();
      }
      await chat.ask('fast and now?');
      await expect(chat.answer).toHaveText(/^Answer number \d+ to: fast and now\?\s*$/);
    });
  }

  test('half: Continue brings the rest, nothing twice', async ({ chat }) => {
    await chat.open();
    await chat.ask('half');
    await chat.expectWords(tokens(1, 10));
    await chat.reply.getByRole('button', { name: 'Continue' }).click();
    await chat.expectWords(tokens(1, 30));
    await chat.ended();
    await expect(chat.reply.getByRole('alert')).toHaveCount(0);
  });

  test('silent: the page says that it waits, and Stop works', async ({ chat, provider }) => {
    const gate = provider.gate();
    await chat.open();
    await chat.send(`silent ${gate.mark}`);
    await gate.reached();
    await expect(chat.reply.getByRole('status')).toBeVisible();
    await chat.stopButton.click();
    await chat.ended();
    await expect(chat.reply.locator('.outcome')).toContainText('Stopped.');
    await gate.abandoned();
    await chat.ask('fast after silence');
    await expect(chat.answer).toHaveText(/to: fast after silence\s*$/);
  });
});
